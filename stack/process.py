"""Running other programs: quietly, with their output kept for the message when they fail."""

import subprocess
from collections.abc import Mapping, Sequence

from stack.paths import ROOT


def run(
    command: Sequence[str], *, timeout: float | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `command` in the root of the checkout; stdout and stderr are captured together.

    A program that does not exist or outlives `timeout` (seconds) is a failed one, with the reason as its output:
    callers have one thing to look at.
    """
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, f"{command[0]}: no such program")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, f"{command[0]}: no answer within {timeout:g} s")


def last_lines(output: str, lines: int = 15) -> str:
    """The last `lines` lines of what a program printed, without empty ones."""
    return "\n".join([line for line in output.splitlines() if line.strip()][-lines:])

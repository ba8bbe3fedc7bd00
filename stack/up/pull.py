"""Pulling an image: with its progress, for as long as it takes, and with a clear end where a registry says no."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from typing import Final

from stack.failure import StepError
from stack.process import last_lines
from stack.terminal import Report

# Nothing at all within this time, not even the list of an image's layers: the engine's own limits (30 s to connect,
# 15 s for the first answer, a few tries) are behind us. What has begun is never given up, however slow it is.
SILENCE_SECONDS: Final = 180.0
REPORT_SECONDS: Final = 10.0

# What the engine says when no registry could be asked at all, as opposed to one that says no.
_UNREACHABLE: Final = (
    "no such host",
    "connection refused",
    "network is unreachable",
    "no route to host",
    "i/o timeout",
    "deadline exceeded",
    "request canceled",
    "awaiting headers",
    "temporary failure in name resolution",
    "server misbehaving",
    "no answer within",
)
# What a registry says when it says no, or the engine of what came, and what a person can do. The first match counts.
_REMEDIES: Final = (
    (
        ("toomanyrequests", "too many requests", "http 429"),
        "The registry limits how much is pulled without an account: `docker login`, or wait.",
    ),
    (("x509", "certificate"), "Add your network's authority to those that the Docker Engine trusts, and restart it."),
    (("no space left",), "Free some disk space where the Docker Engine keeps its images."),
    (
        ("unauthorized", "authentication required", "no basic auth credentials", "http 401"),
        "The registry wants to know who you are: `docker login`.",
    ),
    (
        ("denied", "forbidden", "http 403"),
        "The registry, or a proxy before it, refuses this image: ask whoever runs it, or set a registry mirror.",
    ),
    (("manifest unknown", "not found"), "The registry has no such version: correct it in docker-compose.yml."),
    (
        ("internal server error", "bad gateway", "service unavailable", "gateway timeout", "http 500"),
        "The registry is in trouble: try again in a while.",
    ),
)
_ANY_OTHER_REMEDY: Final = "Try again: what was pulled is kept."
_LAYER: Final = re.compile(
    r"\b([0-9a-f]{12}): (Pulling fs layer|Waiting|Downloading|Verifying Checksum|Download complete|Extracting"
    r"|Pull complete|Already exists)(?:[^\r\n\x1b]*?([\d.]+[kMG]?B/[\d.]+[kMG]?B))?"
)


class UnreachableError(StepError):
    """No registry could be asked."""


class Layers:
    """What `docker pull` has shown so far of an image's layers."""

    def __init__(self) -> None:
        self._state: dict[str, str] = {}
        self._sizes: dict[str, str] = {}
        self.known = False
        """Whether a registry has said anything of the image."""

    def read(self, shown: str) -> None:
        """Take in a piece of what was shown."""
        self.known = self.known or "Pulling from" in shown
        for layer, state, size in _LAYER.findall(shown):
            self._state[layer] = state
            self._sizes[layer] = size

    def told(self) -> str:
        """How far it is, in words: `3 of 9 layers, 45.1MB/180.3MB and 2MB/7MB of the next`."""
        done = sum(state in {"Pull complete", "Already exists"} for state in self._state.values())
        sizes = [self._sizes[layer] for layer, state in self._state.items() if state == "Downloading"]
        of_the_next = " and ".join(filter(None, sizes))
        return f"{done} of {len(self._state)} layers" + (f", {of_the_next} of the next" if of_the_next else "")


def pull(image: str, report: Report) -> None:
    """Pull `image`; on a terminal with Docker's own progress, elsewhere with a line every ten seconds.

    Raises:
        UnreachableError: no registry could be asked.
        StepError: a registry said no, or the transfer broke; says which image, why, and what to do.

    """
    report(f"pulling {image}")
    layers = Layers()
    began = time.monotonic()
    status, said = _docker_pull(image, layers, lambda: report(f"pulling {image}: {_so_far(layers, began)}"))
    if status != 0:
        raise _failure(image, said, reached=layers.known)
    report(f"pulled {image} in {time.monotonic() - began:.0f} s")


def _so_far(layers: Layers, began: float) -> str:
    return f"{layers.told() if layers.known else 'no answer yet'}, {time.monotonic() - began:.0f} s so far"


def _docker_pull(image: str, layers: Layers, tell: Callable[[], None]) -> tuple[int, str]:
    """Run `docker pull` on a terminal of its own, without which it shows no progress; returns status and errors."""
    screen, shown_there = pty.openpty()
    on_terminal = sys.stdout.isatty()
    size = shutil.get_terminal_size()
    termios.tcsetwinsize(shown_there, (size.lines, size.columns))
    command = ["docker", "pull", image]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=shown_there, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(shown_there)
        try:
            silent = _watch(process, screen, layers, on_terminal=on_terminal, tell=tell)
        finally:
            os.close(screen)
            process.kill()
        said = process.communicate()[1]
    if silent:
        return 1, f"no answer within {SILENCE_SECONDS:.0f} s"
    return process.returncode, said


def _watch(
    process: subprocess.Popen[str], screen: int, layers: Layers, *, on_terminal: bool, tell: Callable[[], None]
) -> bool:
    """Follow what is shown until the end; True when nothing at all came in time."""
    began = told = time.monotonic()
    while True:
        if select.select([screen], [], [], 1.0)[0]:
            shown = _read(screen)
            if not shown:
                process.wait()
                return False
            layers.read(shown.decode(errors="replace"))
            if on_terminal:
                sys.stdout.buffer.write(shown)
                sys.stdout.buffer.flush()
        now = time.monotonic()
        if not layers.known and now - began > SILENCE_SECONDS:
            return True
        if not on_terminal and now - told > REPORT_SECONDS:
            told = now
            tell()


def _read(screen: int) -> bytes:
    """What is shown next; nothing once the other end is closed, which Linux calls an input/output error."""
    try:
        return os.read(screen, 65536)
    except OSError:
        return b""


def _failure(image: str, said: str, *, reached: bool) -> StepError:
    why = last_lines(said, 3)
    lowered = why.lower()
    if not reached and any(sign in lowered for sign in _UNREACHABLE):
        remedy = "Check the network and its proxy settings, then `make up`. Or build from source:"
        return UnreachableError(f"pulling {image}", why, f"{remedy} STACK_IMAGES=from-source make up.")
    remedy = next((remedy for signs, remedy in _REMEDIES if any(sign in lowered for sign in signs)), _ANY_OTHER_REMEDY)
    return StepError(
        f"pulling {image}", why, f"{remedy} Then `make up`, or build from source: STACK_IMAGES=from-source make up."
    )

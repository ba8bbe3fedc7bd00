"""The steps of an image build: what they run, what they tell meanwhile, and how they fail."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stack.failure import StepError
from stack.process import last_lines, run
from stack.terminal import Report

# Go's compiler says nothing for minutes: without a sign of life people press Ctrl-C. Quick steps are not worth a line.
FIRST_SIGN_SECONDS = 1.0
SIGN_OF_LIFE_SECONDS = 30.0

# What tools print when they fail for a reason that a person can remove, and how. The first match counts.
REMEDIES: tuple[tuple[str, str], ...] = (
    (
        "no space left on device",
        "Free some disk space (a first build of all images takes about 10 GB), then `make up`.",
    ),
    (
        "requires go >=",
        "Install the Go version that the message names (go.dev/dl), or set GOTOOLCHAIN=auto, then `make up`.",
    ),
    ("docker: no such program", "Install Docker Engine 20.10 or newer, then `make up`."),
    ("checksum mismatch", "What was downloaded is not what the checksum database knows: look at the proxy in between."),
    ("cannot connect to the docker daemon", "Start the Docker Engine (`systemctl start docker`), then `make up`."),
    ("no such host", "Check the network and its proxy settings, then `make up`: what is finished is kept."),
    ("connection refused", "Check the network and its proxy settings, then `make up`: what is finished is kept."),
    ("i/o timeout", "Check the network and its proxy settings, then `make up`: what is finished is kept."),
    (
        "temporary failure resolving",
        "Check that containers can resolve names (the engine's `dns` setting), then `make up`.",
    ),
    (
        "certificate signed by unknown authority",
        "Add your network's authority to this machine's trusted ones, then `make up`.",
    ),
    (
        "forbidden",
        "Ask for access to what the message names, or set a mirror (GOPROXY, DEBIAN_MIRROR), then `make up`.",
    ),
    (
        "permission denied",
        "Run it as a user who may do what the message names (root for a first build), then `make up`.",
    ),
)
ANY_OTHER_REMEDY = "Mend what the lines above complain about, then `make up`: what is finished is kept."


def build_failure(component: str, step: str, why: str, remedy: str) -> StepError:
    """An image that can't be built: which, at which step, and why. The next build goes on from there."""
    return StepError(f"building {component}: {step}", why, remedy)


@dataclass(frozen=True)
class Steps:
    """The steps of one component's build, each told while it runs and named when it fails."""

    component: str
    report: Report

    def run(self, step: str, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> str:
        """Run `command` with `env` added to the environment; returns what it printed.

        Raises:
            StepError: it failed; quotes its last lines.
        """
        with _signs_of_life(f"{self.component}: {step}", self.report):
            result = run(command, env={**os.environ, **(env or {})})
        if result.returncode != 0:
            detail = f"`{' '.join(command)}` failed:\n{last_lines(result.stdout)}"
            raise build_failure(self.component, step, detail, remedy_for(result.stdout))
        return result.stdout


def remedy_for(output: str) -> str:
    """What a person can do about a tool that failed with this output."""
    printed = output.lower()
    return next((remedy for sign, remedy in REMEDIES if sign in printed), ANY_OTHER_REMEDY)


@contextlib.contextmanager
def _signs_of_life(doing: str, report: Report) -> Iterator[None]:
    started = time.monotonic()
    done = threading.Event()

    def tell() -> None:
        if done.wait(FIRST_SIGN_SECONDS):
            return
        report(doing)
        while not done.wait(SIGN_OF_LIFE_SECONDS):
            report(f"{doing}, {time.monotonic() - started:.0f} s so far")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()

"""From `make up` to the application's first line in Loki, with all images on this machine."""

import time

from bench.scenario import Cases, Figures
from bench.systems.running import Running, environment
from stack.failure import StepError
from stack.process import last_lines, run
from stack.waiting import wait_until

FIRST_LINE_WITHIN_SECONDS = 120.0


def measure(running: Running) -> Cases:
    """Start with nothing stored, again over what is stored, and again while everything runs.

    Raises:
        StepError: a `make` failed, or the application's line did not come.

    """
    make(running, "clean", "YES=1")
    cases = {"nothing stored": _up(running) | _first_line(running)}
    make(running, "down")
    cases["what was stored is kept"] = _up(running)
    cases["everything runs already"] = _up(running)
    make(running, "clean", "YES=1")
    return cases


def _up(running: Running) -> Figures:
    began = time.monotonic()
    make(running, "up")
    return {"ready s": time.monotonic() - began}


def _first_line(running: Running) -> Figures:
    began = time.monotonic()
    lines = wait_until(
        lambda: running.loki.lines('{service_name="integr8scode-backend"}', limit=1),
        bool,
        within_seconds=FIRST_LINE_WITHIN_SECONDS,
        pause_seconds=0.1,
    )
    if not lines:
        raise StepError("start-up", "no line of the backend", "`make logs SERVICE=backend` says why.")
    return {"first line of the backend s later": time.monotonic() - began}


def make(running: Running, *arguments: str) -> None:
    """Call a target of the Makefile for the benchmark's project; raises StepError when it fails."""
    result = run(["make", *arguments], env=environment(running.system))
    if result.returncode != 0:
        raise StepError(f"make {arguments[0]}", last_lines(result.stdout), "Mend that, then measure again.")

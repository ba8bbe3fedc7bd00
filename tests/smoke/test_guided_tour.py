"""The README's guided tour shows what the terminal shows: its commands are run, and the recorded answers compared.

What differs from run to run (ids, times, durations, addresses) is compared by its shape; lines of a tree that are
written at the same time may come in either order.
"""

import operator
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stack.paths import ROOT
from tests.smoke.conftest import PIPELINE
from tests.support.eventually import eventually

README = (ROOT / "README.md").read_text()
SECTION = README.split("## A guided tour", 1)[1].split("\n## ", 1)[0]
BLOCKS = re.findall(r"```console\n\$ (.+)\n((?:.+\n)+)```", SECTION)
SHAPES = (
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "DATE"),
    (r"\d\d:\d\d:\d\d\.\d{3}", "TIME"),
    (r"\d+(\.\d+)? (µs|ms|s)\b", "DURATION"),
    (r"duration_seconds=[\d.]+", "duration_seconds=DURATION"),
    (r"\d+\.\d+\.\d+\.\d+:\d+", "ADDRESS"),
    (r"202  .+", "202  REST"),
    (r"^[ │├└─]*", ""),
)


def shape(text: str) -> Counter[str]:
    """The lines of `text` with everything that differs from run to run replaced by its kind."""
    lines = []
    for line in text.splitlines():
        for pattern, kind in SHAPES:
            line = re.sub(pattern, kind, line)  # noqa: PLW2901
        # Context variables come in an order that differs from process to process.
        lines.append(" ".join(sorted(line.split())))
    return Counter(lines)


@contextmanager
def printing(command: str, file: Path) -> Iterator[Callable[[], str]]:
    """Run `command`, and give what it has printed so far; one that follows is ended as a person ends it."""
    with file.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", command], cwd=ROOT, stdout=output, stderr=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield file.read_text
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)


def test_the_tour_has_its_three_stops() -> None:
    assert [command.split()[:2] for command, _ in BLOCKS] == [["curl", "-s"], ["make", "tail"], ["make", "trace"]]


def test_the_tour_shows_what_the_terminal_shows(tmp_path: Path) -> None:
    (submit, accepted), (tail, errors), (trace, tree) = BLOCKS
    with printing(submit, tmp_path / "submitted") as printed:
        eventually(lambda: shape(accepted) - shape(printed()), operator.not_, sent=submit, components=("backend",))
        now, then = execution_id(printed()), execution_id(accepted)

    def missing(recorded: str, shown: str) -> Counter[str]:
        """The recorded lines that are not shown, of this execution and not of an earlier one."""
        return shape(recorded.replace(then, "THE-EXECUTION")) - shape(shown.replace(now, "THE-EXECUTION"))

    with printing(tail, tmp_path / "tail") as printed:
        eventually(lambda: missing(errors, printed()), operator.not_, sent=tail, components=PIPELINE, within=60)
    here = trace.replace(then, now)
    eventually(lambda: missing(tree, output_of(here)), operator.not_, sent=here, components=PIPELINE, within=60)


def output_of(command: str) -> str:
    """What a command that ends by itself prints."""
    return subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    ).stdout


def execution_id(answer: str) -> str:
    """The execution's id in what the backend answered."""
    match = re.search(r'"execution_id":"(\w+)"', answer)
    assert match, answer
    return match[1]

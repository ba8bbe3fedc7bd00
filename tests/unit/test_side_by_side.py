"""Test runs side by side never have the same port or project, and one that is killed keeps none."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack.paths import ROOT
from tests.support.free_ports import PORTS, free_ports
from tests.support.next_line import next_line
from tests.support.one_run import only_run_with

PROJECT = "integr8scode-side-by-side"
HOLD = """
import sys
from tests.support.free_ports import free_ports
from tests.support.one_run import only_run_with

with free_ports(3) as ports, only_run_with(sys.argv[1]):
    print(*ports, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def own_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests hold names no other run looks."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@contextmanager
def another_run(project: str = PROJECT) -> Iterator[set[int]]:
    """A process that has three ports and a project until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, project], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield {int(port) for port in next_line(process.stdout).split()}
        finally:
            process.kill()


def test_two_runs_at_once_have_different_ports() -> None:
    with another_run() as first, another_run(f"{PROJECT}-too") as second, free_ports(3) as own:
        assert len(first | second | {*own}) == 9


def test_a_killed_run_keeps_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with another_run() as held:
        pass
    monkeypatch.setattr("tests.support.free_ports.PORTS", sorted(held))

    with free_ports(3) as own:
        assert {*own} == held


def test_a_port_that_somebody_listens_on_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        monkeypatch.setattr("tests.support.free_ports.PORTS", [taken, *PORTS])

        with free_ports(1) as [free]:
            assert free in PORTS


def test_the_project_of_a_run_is_no_other_ones_until_it_is_killed() -> None:
    with another_run(), pytest.raises(pytest.fail.Exception, match=PROJECT), only_run_with(PROJECT):
        pass

    with only_run_with(PROJECT):
        pass

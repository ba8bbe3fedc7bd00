"""Test runs side by side never have the same port, and one that is killed keeps none."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stack.paths import ROOT
from tests.support.free_ports import PORTS, free_ports
from tests.support.next_line import next_line

HOLD = """
from tests.support.free_ports import free_ports

with free_ports(3) as ports:
    print(*ports, flush=True)
    input()
"""


@contextmanager
def another_run() -> Iterator[set[int]]:
    """A process that has three ports until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield {int(port) for port in next_line(process.stdout).split()}
        finally:
            process.kill()


def test_two_runs_at_once_have_different_ports() -> None:
    with another_run() as first, another_run() as second, free_ports(3) as own:
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

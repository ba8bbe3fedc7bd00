"""The start is measured by the targets that a person types, none of which may ask."""

import subprocess
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from bench.scenarios import start_up
from bench.systems.compared import System
from bench.systems.running import Running
from stack.paths import ROOT


def test_what_is_stored_is_deleted_without_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def show(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        answer = subprocess.run([*command, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True)
        # Below another make, lines say which folder it is in.
        shown.extend(line for line in answer.stdout.splitlines() if " -m stack " in line)
        return answer

    monkeypatch.setattr(start_up, "run", show)
    running = SimpleNamespace(system=System("any", (), ()), loki=SimpleNamespace(lines=lambda *_, **__: ["a line"]))

    start_up.measure(cast(Running, running))

    deleting = [line for line in shown if " clean" in line]
    assert len(deleting) == 2
    assert all(line.endswith("--yes") for line in deleting)

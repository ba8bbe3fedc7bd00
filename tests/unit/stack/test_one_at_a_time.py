"""Two commands that start or stop the services wait for each other."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack.failure import StepError
from stack.up import one_at_a_time as subject

HOLD = """
import sys
from pathlib import Path
from stack.up import one_at_a_time as subject
subject.LOCK = Path(sys.argv[1])
with subject.one_at_a_time(print):
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / ".build" / "up.lock"
    monkeypatch.setattr(subject, "LOCK", path)
    return path


def test_the_second_says_that_it_waits_and_goes_on_after_the_first(lock: Path) -> None:
    lock.parent.mkdir()
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == "holding\n"
        said: list[str] = []

        def report(message: str) -> None:
            said.append(message)
            assert other.stdin
            other.stdin.close()

        with subject.one_at_a_time(report):
            assert other.wait(10) == 0
        assert said == ["waiting for another command that starts or stops the services"]


def test_a_command_that_was_killed_keeps_nobody_waiting(lock: Path) -> None:
    lock.parent.mkdir()
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "holding\n"
        other.kill()
        other.wait()
        said: list[str] = []
        with subject.one_at_a_time(said.append):
            assert said == []


def test_a_folder_that_cannot_be_written_is_named(lock: Path) -> None:
    lock.parent.write_text("a file in its place")
    with pytest.raises(StepError, match=r"\.build"), subject.one_at_a_time(print):
        pass

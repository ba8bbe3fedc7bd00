"""One build of a component at a time, in a folder that can be written."""

import subprocess
from pathlib import Path

import pytest

from stack.build import images, scratch
from stack.build.steps import Steps
from stack.failure import StepError
from tests.support.next_line import next_line


def test_a_scratch_folder_that_cannot_be_written_is_a_build_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    monkeypatch.setattr(scratch, "SCRATCH", in_the_way)
    with pytest.raises(StepError, match=r"otel-collector: working in .*/file/otel-collector"):
        images.build("otel-collector", report=print)


def test_a_second_build_of_the_same_image_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SCRATCH", tmp_path)
    (tmp_path / "loki").mkdir()
    first = subprocess.Popen(
        ["flock", "--no-fork", str(tmp_path / "loki" / "lock"), "cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert first.stdin is not None
    assert first.stdout is not None
    first.stdin.write(b"held\n")
    first.stdin.flush()
    assert next_line(first.stdout) == b"held\n"

    def let_go(line: str) -> None:
        assert line == "loki: waiting for another build of it"
        first.communicate()

    with scratch.exclusively(Steps("loki", let_go)):
        assert first.poll() == 0

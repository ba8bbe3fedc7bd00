"""A failed build says which image, which step, what was found and what to do; a long one that it lives."""

import os
from pathlib import Path

import pytest

from stack.build import steps
from stack.build.steps import Steps, remedy_for
from stack.failure import StepError


def test_it_quotes_the_end_of_what_the_tool_printed() -> None:
    with pytest.raises(StepError) as failure:
        Steps("loki", print).run("compiling", ["sh", "-c", "seq --format 'line %g' 99; exit 3"])
    assert failure.value.what == "building loki: compiling"
    assert "line 99" in failure.value.why
    assert "line 50" not in failure.value.why
    assert "make up" in failure.value.remedy


def test_a_tool_that_is_not_installed_is_named() -> None:
    with pytest.raises(StepError, match="dockerr: no such program"):
        Steps("loki", print).run("building the image", ["dockerr", "build"])


@pytest.mark.parametrize(
    ("printed", "remedy"),
    [
        ("write /x/b001/_pkg_.a: no space left on device", "disk space"),
        ("[Errno 28] No space left on device: '/x/context'", "disk space"),
        ("go: go.mod requires go >= 1.26.5 (running go 1.24.1; GOTOOLCHAIN=local)", "GOTOOLCHAIN"),
        ("loki: reading https://…: 403 Forbidden", "GOPROXY"),
        ("E: Failed to fetch http://…/redis.deb  403  Forbidden", "DEBIAN_MIRROR"),
        ("x509: certificate signed by unknown authority", "authority"),
        ("dial tcp: lookup proxy: no such host", "network"),
        ("dial tcp 127.0.0.1:3128: connect: connection refused", "network"),
        ("Cannot connect to the Docker daemon at unix:///…", "Engine"),
        ("Temporary failure resolving 'mirror.example'", "dns"),
        ("verifying module: checksum mismatch", "checksum"),
        ("something never seen before", steps.ANY_OTHER_REMEDY),
    ],
)
def test_a_known_cause_comes_with_its_remedy(printed: str, remedy: str) -> None:
    assert remedy in remedy_for(printed)


def test_a_quick_step_says_nothing_and_a_long_one_gives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    Steps("loki", lines.append).run("asking", ["true"])
    assert lines == []

    monkeypatch.setattr(steps, "FIRST_SIGN_SECONDS", 0.05)
    monkeypatch.setattr(steps, "SIGN_OF_LIFE_SECONDS", 0.05)
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    def open_after_two(line: str) -> None:
        lines.append(line)
        if len(lines) == 2:
            gate.write_text("open")

    Steps("loki", open_after_two).run("compiling", ["cat", str(gate)])
    assert lines[0] == "loki: compiling"
    assert lines[1].startswith("loki: compiling, ")

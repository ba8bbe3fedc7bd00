"""How a pull ends, by what the engine says of it.

`docker` is a stand-in with the engine's own words: tests/registry pulls from real registries and broken ones.
"""

from pathlib import Path

import pytest

from stack.failure import StepError
from stack.up import pull
from stack.up.pull import Layers, UnreachableError

IMAGE = "grafana/loki:3.7.8"
PROGRESS = "\x1b[1A\x1b[2K\rabcdef012345: Downloading [=====>      ]  12.3MB/45.6MB\r\x1b[1B"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program `docker` that is first on PATH; a test writes it."""
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program


def fails(docker: Path, said: str, *, shown: str = "") -> None:
    docker.write_text(f"#!/bin/sh\nprintf '%s' '{shown}'\necho '{said}' >&2\nexit 1\n")


def pulled() -> StepError:
    with pytest.raises(StepError) as failure:
        pull.pull(IMAGE, lambda _: None)
    return failure.value


@pytest.mark.parametrize(
    "said",
    [
        "Get https://registry-1.docker.io/v2/: dial tcp: lookup registry-1.docker.io on 1.1.1.1:53: no such host",
        "Get https://registry-1.docker.io/v2/: dial tcp 127.0.0.1:443: connect: connection refused",
        "Get https://registry-1.docker.io/v2/: dial tcp 10.0.0.1:443: i/o timeout",
        "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
    ],
)
def test_where_no_registry_can_be_asked_it_says_so(said: str, docker: Path) -> None:
    fails(docker, said)

    failure = pulled()

    assert isinstance(failure, UnreachableError)
    assert IMAGE in failure.what
    assert "from-source" in failure.remedy


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("Head https://registry/v2/: unauthorized: authentication required", "docker login"),
        ("error parsing HTTP 403 response body: unexpected end of JSON input", "refuses"),
        ("pull access denied for grafana/loki, repository does not exist", "refuses"),
        ("toomanyrequests: You have reached your pull rate limit", "limits"),
        ("received unexpected HTTP status: 500 Internal Server Error", "in trouble"),
        ("manifest for grafana/loki:3.7.8 not found: manifest unknown", "no such version"),
        ("x509: certificate signed by unknown authority", "authority"),
        ("failed to register layer: write /x: no space left on device", "disk space"),
        ("something never seen before", "what was pulled is kept"),
    ],
)
def test_a_registry_that_says_no_is_quoted_with_a_remedy(said: str, remedy: str, docker: Path) -> None:
    fails(docker, said)

    failure = pulled()

    assert not isinstance(failure, UnreachableError)
    assert said in failure.why
    assert remedy in failure.remedy


def test_a_pull_that_breaks_after_it_began_is_no_missing_registry(docker: Path) -> None:
    fails(docker, "dial tcp 127.0.0.1:443: connect: connection refused", shown="3.7.8: Pulling from grafana/loki")

    assert not isinstance(pulled(), UnreachableError)


def test_a_registry_that_says_nothing_is_given_up(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "SILENCE_SECONDS", 0.0)
    docker.write_text("#!/bin/sh\nexec sleep 600\n")

    failure = pulled()

    assert isinstance(failure, UnreachableError)
    assert "no answer" in failure.why


def test_a_slow_pull_is_told_and_not_given_up(docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "REPORT_SECONDS", 0.0)
    gate = tmp_path / "gate"
    begun = f"3.7.8: Pulling from grafana/loki\r\n{PROGRESS}"
    docker.write_text(f"#!/bin/sh\nprintf '{begun}'\nuntil test -e {gate}; do sleep 0.05; done\n")
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(line)
        if "0 of 1 layers, 12.3MB/45.6MB of the next" in line:
            # Told once, it has to go on for another round before the rest comes.
            if pull.SILENCE_SECONDS:
                monkeypatch.setattr(pull, "SILENCE_SECONDS", 0.0)
            else:
                gate.touch()

    pull.pull(IMAGE, report)

    assert lines[-1].startswith(f"pulled {IMAGE} in ")


def test_layers_are_counted_as_docker_shows_them() -> None:
    layers = Layers()
    layers.read("3.7.8: Pulling from grafana/loki\r\n0123456789ab: Pulling fs layer\r\nabcdef012345: Waiting\r\n")
    assert layers.told() == "0 of 2 layers"
    layers.read("\x1b[2K\r0123456789ab: Already exists\r\n" + PROGRESS)
    assert layers.told() == "1 of 2 layers, 12.3MB/45.6MB of the next"

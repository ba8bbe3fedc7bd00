"""A stack's life: filled, backed up while it is used, upgraded, lost, restored; everything is counted each time."""

import os
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
import yaml

from bench.load.otlp import Record, send_http_protobuf
from stack.backup import volumes
from stack.docker import compose
from stack.docker.endpoints import endpoints
from stack.process import run
from tests.backup.stored import LINES, PatientSender, Stored, fill, lines_of, look
from tests.support.eventually import eventually
from tests.support.own_project import own_project, run_compose, up
from tests.support.stack_command import run_stack

PROJECT = "integr8scode-backup"
UPGRADED = ("loki", "otel-collector", "jaeger", "victoria-metrics", "redis")
WAITING = "backup-waiting"


@pytest.fixture(scope="module")
def project() -> Iterator[None]:
    with own_project(PROJECT):
        up()
        yield


@pytest.fixture(scope="module")
def before(project: None) -> Stored:  # noqa: ARG001 - has to run
    return fill()


@pytest.fixture(scope="module")
def archive(before: Stored, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that was made while a sender went on, and while Loki was down with one line waiting for it."""
    file = tmp_path_factory.mktemp("backup") / "backup.zip"
    assert before.lines == LINES
    with PatientSender("backup-meanwhile") as sender:
        made = run_stack("backup", "--file", str(file))
    assert made.returncode == 0, made.stderr
    print(f"{made.stdout}\nlongest wait of a sender: {sender.longest_wait:.1f} s")  # noqa: T201 - shown with -s
    eventually(
        lambda: lines_of("backup-meanwhile"),
        lambda stored: stored == sender.sent,
        sent=f"{sender.sent} lines during the backup",
        components=("otel-collector", "loki"),
    )
    return file


@pytest.fixture(scope="module")
def archive_with_a_waiting_line(archive: Path) -> Path:
    """A backup of a stack whose Loki is down, so that one line is in the Collector's queue only."""
    run_compose("stop", "loki")
    send_http_protobuf(endpoints().otlp_http, Record(WAITING, "stored nowhere yet"))
    file = archive.with_name("waiting.zip")
    made = run_stack("backup", "--file", str(file))
    assert made.returncode == 0, made.stderr
    assert "loki" not in run_compose("ps", "--services").split(), "what did not run before does not run after"
    return file


def test_a_backup_costs_a_sender_a_short_wait_and_no_line(archive: Path) -> None:
    assert zipfile.ZipFile(archive).testzip() is None
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in archive.parent.glob("backup.*")] == ["backup.zip"]
    services = run_compose("ps", "--services").split()
    assert {"loki", "redis", "jaeger", "otel-collector", "victoria-metrics"} <= set(services)


@pytest.fixture(scope="module")
def upgraded(archive_with_a_waiting_line: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same project with other images for every store, as after a change of their pins."""
    assert archive_with_a_waiting_line.exists()
    images = {name: compose.project()["services"][name]["image"] for name in UPGRADED}
    override = tmp_path_factory.mktemp("upgrade") / "next.yml"
    services = {name: {"image": f"integr8scode-upgrade/{name}:next", "pull_policy": "never"} for name in UPGRADED}
    override.write_text(yaml.safe_dump({"services": services}))
    for name, image in images.items():
        _relabel(image, f"integr8scode-upgrade/{name}:next")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMPOSE_FILE", f"{os.environ['COMPOSE_FILE']}:{override}")
        up()
    yield
    run(["docker", "image", "rm", *(service["image"] for service in services.values())])


def _relabel(image: str, name: str) -> None:
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", name, "-"],
        input=f"FROM {image}\nLABEL upgrade=next\n",
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.usefixtures("upgraded")
def test_another_image_reads_what_the_one_before_it_wrote(before: Stored) -> None:
    running = run_compose("ps", "--format", "{{.Service}} {{.Image}}")
    assert {f"{name} integr8scode-upgrade/{name}:next" for name in UPGRADED} <= set(running.splitlines())
    _eventually_all_there(before)


@pytest.fixture(scope="module")
def restored(upgraded: None, archive_with_a_waiting_line: Path) -> None:  # noqa: ARG001
    """The project with its old images, after everything was lost and restored, and before anything was started."""
    run_compose("--profile", "*", "down", "--volumes")
    done = run_stack("restore", "--file", str(archive_with_a_waiting_line))
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("restored")
def test_every_file_has_its_owner_its_mode_and_its_size_again(archive_with_a_waiting_line: Path) -> None:
    for volume in volumes.of_project(compose.project()):
        with (
            zipfile.ZipFile(archive_with_a_waiting_line) as archive,
            archive.open(f"{volume.key}.tar") as stored,
        ):
            expected = _entries(stored)
        with volume.packed() as restored_content:
            assert _entries(restored_content) == expected


@pytest.mark.usefixtures("restored")
def test_everything_is_there_again_and_what_waited_is_delivered(before: Stored) -> None:
    up()
    _eventually_all_there(before)
    eventually(
        lambda: lines_of(WAITING),
        lambda stored: stored == 1,
        sent="one line, while Loki was down",
        components=("otel-collector", "loki"),
    )


def _entries(content: IO[bytes]) -> set[tuple[str, int, int, str]]:
    """Name, mode, size and owner of all that is in a volume."""
    with tarfile.open(fileobj=content, mode="r|") as tar:
        return {(entry.name, entry.mode, entry.size, _owner(entry)) for entry in tar}


def _owner(entry: tarfile.TarInfo) -> str:
    # A mount point that the engine made in the volume belongs to root, and to the volume's user after a restore.
    return f"{entry.uid}:{entry.gid}" if entry.isfile() else "any"


def _eventually_all_there(before: Stored) -> None:
    traces = dict(zip(before.executions, before.spans, strict=True))
    eventually(
        lambda: look(traces),
        lambda stored: stored.has_all_of(before),
        sent=before,
        components=("loki", "jaeger", "victoria-metrics", "redis"),
        within=60,
    )

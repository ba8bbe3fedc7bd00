"""What `make backup` and `make restore` refuse, what they say then, and that nothing is lost by it."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.docker import compose
from stack.paths import ROOT
from tests.support.next_line import next_line
from tests.support.own_project import own_project, run_compose, up
from tests.support.stack_command import run_stack

PROJECT = "integr8scode-backup-small"


@pytest.fixture(scope="module")
def redis() -> Iterator[None]:
    """The smallest project with data: Redis with one key."""
    with own_project(PROJECT):
        up("redis")
        run_compose("exec", "-T", "redis", "redis-cli", "set", "kept", "yes")
        yield


@pytest.fixture(scope="module")
def archive(redis: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    file = tmp_path_factory.mktemp("small") / "small.zip"
    made = run_stack("backup", "--file", str(file))
    assert made.returncode == 0, made.stderr
    return file


def stored_value() -> str:
    return run_compose("exec", "-T", "redis", "redis-cli", "get", "kept").strip()


def cut_off(archive: Path) -> None:
    os.truncate(archive, archive.stat().st_size - 100)


def flip_one_byte(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[2000] ^= 1
    archive.write_bytes(content)


def not_an_archive(archive: Path) -> None:
    archive.write_text("no zip")


def foreign(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as other:
        other.writestr("holiday.jpg", b"")


def other_checksum(archive: Path) -> None:
    rewrite_manifest(archive, lambda manifest: manifest["volumes"]["redis_data"].update(sha256="0" * 64))


def without_volumes(archive: Path) -> None:
    rewrite_manifest(archive, lambda manifest: manifest.update(volumes={}))


def with_an_unknown_volume(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as changed:
        changed.writestr("other_data.tar", b"")
    empty = {"bytes": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    rewrite_manifest(archive, lambda manifest: manifest["volumes"].update(other_data=empty))


def rewrite_manifest(archive: Path, change: Callable[[dict[str, Any]], object]) -> None:
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    with zipfile.ZipFile(archive, "w") as new:
        for name, content in {**members, "manifest.json": json.dumps(manifest).encode()}.items():
            new.writestr(name, content)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (cut_off, "cut off, or no archive at all"),
        (not_an_archive, "cut off, or no archive at all"),
        (foreign, "`make backup` did not write it"),
        (without_volumes, "`make backup` did not write it"),
        (flip_one_byte, "redis_data can't be read"),
        (other_checksum, "the content of redis_data is not what was stored"),
        (with_an_unknown_volume, "volumes that docker-compose.yml does not know: other_data"),
        (Path.unlink, "No such file"),
    ],
)
def test_a_file_that_is_no_whole_backup_is_refused_before_anything_is_touched(
    damage: Callable[[Path], None], why: str, archive: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(archive.read_bytes())
    damage(damaged)
    refused = run_stack("restore", "--file", str(damaged), "--force")
    assert refused.returncode == 1
    assert why in refused.stderr
    assert str(damaged) in refused.stderr
    assert stored_value() == "yes"


def test_stored_data_is_replaced_only_when_told(archive: Path) -> None:
    run_compose("exec", "-T", "redis", "redis-cli", "set", "kept", "newer")
    refused = run_stack("restore", "--file", str(archive))
    assert refused.returncode == 1
    assert f"hold data: {PROJECT}_redis_data" in refused.stderr
    assert f"make restore FILE={archive} FORCE=1" in refused.stderr
    assert stored_value() == "newer"

    replaced = run_stack("restore", "--file", str(archive), "--force")
    assert replaced.returncode == 0, replaced.stderr
    assert stored_value() == "yes"


def test_without_a_file_a_restore_says_how_to_name_one() -> None:
    refused = run_stack("restore")
    assert refused.returncode == 1
    assert "make restore FILE=" in refused.stderr


@pytest.mark.usefixtures("archive")
def test_a_backup_overwrites_nothing(archive: Path) -> None:
    before = archive.read_bytes()
    refused = run_stack("backup", "--file", str(archive))
    assert refused.returncode == 1
    assert f"{archive} exists already" in refused.stderr
    assert archive.read_bytes() == before


@pytest.mark.usefixtures("redis")
def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused = run_stack("backup", "--file", str(tmp_path / "nowhere" / "backup.zip"))
    assert refused.returncode == 1
    assert f"{tmp_path / 'nowhere'} is no folder" in refused.stderr


@pytest.mark.usefixtures("redis")
def test_a_backup_that_cannot_be_written_leaves_no_file_and_everything_running(tmp_path: Path) -> None:
    """The limit on a file's size, in blocks of 1 KiB, stands for a full disk: both fail in the middle of a write."""
    script = f"ulimit -f 4; exec {sys.executable} -m stack backup --file {tmp_path}/backup.zip"
    failed = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert failed.returncode == 1
    assert f"writing {tmp_path}/backup.zip" in failed.stderr
    assert list(tmp_path.iterdir()) == []
    assert stored_value() == "yes"


@pytest.mark.usefixtures("redis")
def test_a_backup_that_is_ended_leaves_no_file_and_everything_running(tmp_path: Path) -> None:
    since = f"{time.time():.3f}"
    started = subprocess.Popen(
        [sys.executable, "-m", "stack", "backup", "--file", str(tmp_path / "backup.zip")],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    events = ["docker", "events", "--filter", "event=die", "--filter", f"label=com.docker.compose.project={PROJECT}"]
    with subprocess.Popen([*events, "--since", since], stdout=subprocess.PIPE, text=True) as stopped:
        assert stopped.stdout is not None
        try:
            assert "redis" in next_line(stopped.stdout)
        finally:
            started.send_signal(signal.SIGTERM)
            stopped.terminate()
    _, told = started.communicate(timeout=60)
    assert started.returncode == 130, told
    assert list(tmp_path.iterdir()) == []
    assert stored_value() == "yes"


@pytest.mark.usefixtures("redis")
def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    with (ROOT / ".build" / f"backup-{PROJECT}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = run_stack("backup", "--file", str(tmp_path / "backup.zip"))
    assert refused.returncode == 1
    assert f"another backup or restore of {PROJECT} is running" in refused.stderr


def test_without_an_engine_it_says_so(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    for arguments in (("backup",), ("restore", "--file", str(archive))):
        refused = run_stack(*arguments)
        assert refused.returncode == 1
        assert "Docker Engine" in refused.stderr


def test_a_project_without_volumes_has_nothing_to_back_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "integr8scode-of-nobody")
    assert compose.project()["name"] == "integr8scode-of-nobody"
    refused = run_stack("backup")
    assert refused.returncode == 1
    assert "integr8scode-of-nobody has no volume yet" in refused.stderr

"""`make backup`: all volumes of the project into one file.

Each store is stopped while it is copied, so that what is copied is what it wrote at a clean end. The Collector runs on
while Loki and Jaeger are copied and keeps on disk what arrives; its queue is copied last, before anything of it is
delivered. So every record that was accepted before the backup began is in it, either stored or waiting.

The Collector is held (paused) for its copy instead of stopped. While Loki is away it does not end within its 20 s of
grace, and its queue does not need it to: a bbolt file is whole at every instant, as after kill -9.
"""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from stack.backup import volumes
from stack.backup.archive import Manifest, StoredVolume, Writer, megabytes, written
from stack.backup.volumes import Volume
from stack.docker import compose, containers
from stack.failure import StepError
from stack.paths import ROOT
from stack.terminal import Report

# Copied as one: what one of them has handed on must be found in the next.
PIPELINE = ("loki", "jaeger", "otel-collector")
HELD = "otel-collector"
BACKUPS = ROOT / "backups"
# A file's header and padding in a tar, on top of its content.
TAR_OVERHEAD = 1.05


def back_up(file: Path | None, report: Report) -> Path:
    """Copy every volume into a new archive, by default one named after the time in `backups/`; returns its path.

    Raises:
        StepError: no archive was written; whatever was running runs again.

    """
    volumes.ensure_reachable()
    project = compose.project(every_profile=True)
    present = [volume for volume in volumes.of_project(project) if volume.exists()]
    if not present:
        raise StepError("backup", f"the project {project['name']} has no volume yet", "Start it first: `make up`.")
    created = datetime.now(UTC)
    file = (file or _default_file(project["name"], created)).absolute()
    with volumes.exclusively(project["name"]):
        _ensure_room(file, sum(volume.used_bytes() for volume in present))
        running = containers.running()
        with written(file) as archive:
            stored: dict[str, StoredVolume] = {}
            for turn in _turns(present):
                stored |= _copy(turn, archive, running, report)
            archive.finish(
                Manifest(project=project["name"], created=created, images=compose.official_images(), volumes=stored)
            )
        containers.wait_until_healthy(running)
    return file


def _copy(
    turn: list[Volume], archive: Writer, running: dict[str, list[str]], report: Report
) -> dict[str, StoredVolume]:
    """Copy volumes that belong together; their services start again, last first, once all of them are copied."""
    stored: dict[str, StoredVolume] = {}
    stopped: dict[str, float] = {}
    try:
        for volume in turn:
            if volume.service in running:
                stopped[volume.service] = time.monotonic()
                _halt(volume.service, running[volume.service])
            with volume.packed() as tar:
                stored[volume.key] = archive.add(volume.key, tar)
            report(f"{volume.key}: {megabytes(stored[volume.key].bytes)}")
    finally:
        for service, since in reversed(stopped.items()):
            _go_on(service, running[service])
            report(f"{service} stood for {time.monotonic() - since:.1f} s")
    return stored


def _halt(service: str, ids: list[str]) -> None:
    if service == HELD:
        containers.pause(ids)
    else:
        containers.stop(ids)


def _go_on(service: str, ids: list[str]) -> None:
    if service == HELD:
        containers.unpause(ids)
    else:
        containers.start(ids)


def _turns(present: list[Volume]) -> list[list[Volume]]:
    """Which volumes are copied together, in which order."""
    pipeline = sorted(
        (volume for volume in present if volume.service in PIPELINE), key=lambda volume: PIPELINE.index(volume.service)
    )
    return [*([volume] for volume in present if volume.service not in PIPELINE), pipeline]


def _default_file(project: str, created: datetime) -> Path:
    BACKUPS.mkdir(exist_ok=True)
    return BACKUPS / f"{project}-{created:%Y%m%dT%H%M%SZ}.zip"


def _ensure_room(file: Path, used_bytes: int) -> None:
    if file.exists():
        raise StepError("backup", f"{file} exists already", "Choose another name: make backup FILE=….")
    if not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        raise StepError(
            "backup", f"{file.parent} is no folder that can be written", "Choose another: make backup FILE=…."
        )
    needed, free = int(used_bytes * TAR_OVERHEAD), shutil.disk_usage(file.parent).free
    if needed > free:
        raise StepError(
            "backup",
            f"it takes about {megabytes(needed)}, and {file.parent} has {megabytes(free)} left",
            "Free some space or name a place on another disk: make backup FILE=….",
        )

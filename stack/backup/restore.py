"""`make restore`: the volumes of an archive in place of what is, or is not, stored now."""

from collections.abc import Iterator
from pathlib import Path

from stack.backup import archive, volumes
from stack.backup.archive import Manifest, megabytes
from stack.backup.volumes import Volume
from stack.docker import compose, containers
from stack.failure import StepError
from stack.process import last_lines
from stack.terminal import Report


def restore(file: Path, *, force: bool, report: Report) -> None:
    """Put the volumes of an archive in place; with `force` also in place of what is stored now.

    The archive is read whole before anything is touched, and everything is unpacked before anything is replaced.

    Raises:
        StepError: says what is as it was, and what is not.

    """
    manifest = archive.read_manifest(file)
    archive.verify(file, manifest)
    report(f"{file.name} is whole: {manifest.project}, {manifest.created:%Y-%m-%d %H:%M:%S} UTC")
    volumes.ensure_reachable()
    project = compose.project(every_profile=True)
    with volumes.exclusively(project["name"]):
        wanted = _wanted(manifest, volumes.of_project(project), file)
        _ensure_nothing_is_overwritten(wanted, file, force=force)
        for difference in _version_differences(manifest.images, compose.official_images()):
            report(difference)
        _replace(_created(wanted, report), manifest, file, report)


def _replace(targets: list[Volume], manifest: Manifest, file: Path, report: Report) -> None:
    running = containers.running()
    stopped = {volume.service: running[volume.service] for volume in targets if volume.service in running}
    _ensure_disk(targets, manifest)
    containers.stop(*stopped.values())
    try:
        for volume in targets:
            volume.stage(archive.blocks(file, volume.key))
            report(f"{volume.key}: {megabytes(manifest.volumes[volume.key].bytes)} unpacked")
    except BaseException:
        for volume in targets:
            volume.discard_staged()
        containers.start(*stopped.values())
        raise
    # If this fails everything stays stopped: a store that starts on half of its files makes matters worse.
    for volume in targets:
        volume.replace_by_staged()
    containers.start(*stopped.values())
    containers.wait_until_healthy(stopped)


def _wanted(manifest: Manifest, known: list[Volume], file: Path) -> list[Volume]:
    if unknown := manifest.volumes.keys() - {volume.key for volume in known}:
        raise StepError(
            f"reading {file}",
            f"it has volumes that docker-compose.yml does not know: {', '.join(sorted(unknown))}",
            "Restore it with the version of this project that wrote it. Nothing was changed.",
        )
    return [volume for volume in known if volume.key in manifest.volumes]


def _ensure_nothing_is_overwritten(wanted: list[Volume], file: Path, *, force: bool) -> None:
    if force:
        return
    if holding := [volume.name for volume in wanted if volume.exists() and volume.holds_data()]:
        raise StepError(
            "restore",
            f"these volumes hold data: {', '.join(holding)}",
            f"`make restore FILE={file} FORCE=1` replaces it; `make backup` first keeps it. Nothing was changed.",
        )


def _version_differences(written_by: dict[str, str], here: dict[str, str]) -> Iterator[str]:
    for service, image in written_by.items():
        if here.get(service) != image:
            yield f"{service}: {image} wrote the data, {here.get(service, 'nothing')} will read it (docs/upgrade.md)"


def _created(wanted: list[Volume], report: Report) -> list[Volume]:
    """Those of the `wanted` volumes that are there, after Compose has made what it makes at a first start.

    Compose, because creating the containers is what gives a new volume its owner.
    """
    if not all(volume.exists() for volume in wanted):
        result = compose.compose("create", "--no-build", "--no-recreate", "--pull", "never")
        if result.returncode != 0:
            raise StepError(
                "creating the volumes",
                last_lines(result.stdout, 5),
                "Let `make up` bring images and volumes, then the same restore with FORCE=1.",
            )
    present = [volume for volume in wanted if volume.exists()]
    for volume in wanted:
        if volume not in present:
            report(f"{volume.key}: left out, because {volume.service} is not started here (COMPOSE_PROFILES in .env)")
    return present


def _ensure_disk(targets: list[Volume], manifest: Manifest) -> None:
    needed = sum(manifest.volumes[volume.key].bytes for volume in targets)
    free = min(volume.free_bytes() for volume in targets)
    if needed > free:
        raise StepError(
            "restore",
            f"it takes {megabytes(needed)} beside what is stored now, and the engine's disk has {megabytes(free)} left",
            "Free some space, or give up what is stored now (`make clean`). Nothing was changed.",
        )

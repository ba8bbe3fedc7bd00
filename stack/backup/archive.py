"""The file that `make backup` writes: a zip with one tar a volume, and a manifest that says what they are.

Zip, because it can be written as a stream, read from the middle, and is known to be cut off when its end is missing.
Nothing is compressed: Loki's chunks are already, and each second of compressing is a second in which the stores stand.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from stack.failure import StepError
from stack.units import MIB

MANIFEST = "manifest.json"
BLOCK_BYTES = MIB


class StoredVolume(BaseModel):
    """One volume's tar in the archive."""

    model_config = ConfigDict(extra="forbid")

    bytes: NonNegativeInt
    sha256: str


class Manifest(BaseModel):
    """What an archive holds, and what wrote the data in it."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["integr8scode-backup/1"] = "integr8scode-backup/1"
    project: str
    created: datetime
    images: dict[str, str]
    """Service → image with its version, as docker-compose.yml named it."""
    volumes: dict[str, StoredVolume] = Field(min_length=1)
    """Volume as docker-compose.yml calls it → its tar."""


class Writer:
    """An archive that is being written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive

    def add(self, volume: str, tar: IO[bytes]) -> StoredVolume:
        """Store a volume's tar while it is being made."""
        digest = hashlib.sha256()
        size = 0
        with self._zip.open(_member(volume), "w", force_zip64=True) as stored:
            while block := tar.read(BLOCK_BYTES):
                digest.update(block)
                size += len(block)
                stored.write(block)
        return StoredVolume(bytes=size, sha256=digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest: without it the file is no backup."""
        self._zip.writestr(MANIFEST, manifest.model_dump_json(indent=2))


@contextmanager
def written(file: Path) -> Iterator[Writer]:
    """A new archive, which gets its name only once all of it is on disk; only its owner can read it.

    Raises:
        StepError: it can't be written; what was written of it is gone.

    """
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        # Logs and Grafana's accounts are in it: nobody but the owner is to read it, not even while it is written.
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                yield Writer(archive)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(file)
    except OSError as error:
        raise StepError(
            f"writing {file}", str(error), "Mend that or name another place: make backup FILE=…. Nothing is lost."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def read_manifest(file: Path) -> Manifest:
    """What the archive says of itself.

    Raises:
        StepError: there is no such file, or it is not an archive of `make backup`.

    """
    try:
        with zipfile.ZipFile(file) as archive:
            return Manifest.model_validate_json(archive.read(MANIFEST))
    except OSError as error:
        raise StepError(
            f"reading {file}", error.strerror or str(error), "Name a backup: make restore FILE=…."
        ) from error
    except zipfile.BadZipFile as error:
        raise _damaged(file, f"it is cut off, or no archive at all ({error})") from error
    except (KeyError, ValidationError) as error:
        raise StepError(
            f"reading {file}",
            f"`make backup` did not write it, or a later version of it did ({str(error).splitlines()[0]})",
            "Name a backup that this version wrote. Nothing was changed.",
        ) from error


def verify(file: Path, manifest: Manifest) -> None:
    """Read all of the archive and compare it with what the manifest says.

    Raises:
        StepError: names the volume whose bytes are not those that were stored.

    """
    for volume, stored in manifest.volumes.items():
        digest = hashlib.sha256()
        for block in blocks(file, volume):
            digest.update(block)
        if digest.hexdigest() != stored.sha256:
            raise _damaged(file, f"the content of {volume} is not what was stored")


def blocks(file: Path, volume: str) -> Iterator[bytes]:
    """A volume's tar, piece by piece.

    Raises:
        StepError: it is damaged or missing.

    """
    try:
        with zipfile.ZipFile(file) as archive, archive.open(_member(volume).filename) as stored:
            while block := stored.read(BLOCK_BYTES):
                yield block
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, zlib.error, NotImplementedError) as error:
        raise _damaged(file, f"{volume} can't be read ({error})") from error


def megabytes(size: int) -> str:
    """A number of bytes as people read it."""
    return f"{size / 1e6:,.1f} MB"


def _member(volume: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(f"{volume}.tar")


def _damaged(file: Path, why: str) -> StepError:
    return StepError(f"reading {file}", f"it is damaged: {why}", "Use another backup. Nothing was changed.")

"""Disks of a size of their own: an ext4 file system in a sparse file behind a loop device (needs root)."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from stack.process import run

# What the stack's containers run as.
OWNER = "10001:10001"
# Loki stops taking lines when a tenth of its disk is left, and looks every ten seconds (fixed in its source).
NEARLY = 0.05
GUARD_SECONDS = 12.0


@contextmanager
def disk(file: Path, size: int) -> Iterator[str]:
    """A block device with an empty file system of `size` bytes; it takes only the space that is written to."""
    file.touch()
    os.truncate(file, size)
    _checked("mkfs.ext4", "-q", "-m", "0", "-E", f"root_owner={OWNER}", str(file))
    device = _checked("losetup", "--find", "--show", str(file)).strip()
    try:
        yield device
    finally:
        _checked("losetup", "--detach", device)
        file.unlink()


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Fill the disk that `folder` is on as a disk fills: nearly full first, then not one free block.

    A disk whose last tenth is gone between two of Loki's looks costs lines: docs/reliability.md says how many.
    """
    filler = folder / "filler"
    try:
        with filler.open("wb") as file:
            _allocate(file, int(_free(folder) - NEARLY * os.statvfs(folder).f_blocks * os.statvfs(folder).f_frsize))
            time.sleep(GUARD_SECONDS)
            # The file's own description takes some of what is free: ever smaller pieces, down to a block.
            piece = _free(folder)
            while piece >= os.statvfs(folder).f_frsize:
                if not _allocate(file, piece):
                    piece //= 2
        yield
    finally:
        filler.unlink()


def _free(folder: Path) -> int:
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize


def _allocate(file: BinaryIO, size: int) -> bool:
    try:
        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True


def _checked(*command: str) -> str:
    result = run(command, timeout=60)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {result.stdout}")
    return result.stdout

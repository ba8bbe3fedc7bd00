"""What the kernel keeps of files, and how much it reads at once: the same for every system, on every machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.docker.inspect import engine_folder

# proc(5)
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
# Linux's own default. Where it is much larger, as on some virtual machines, whatever is confined to 256 MiB reads its
# own program over and over, and that is all that a benchmark sees (docs/decisions/0010).
READ_AHEAD_KIB = 128


@contextmanager
def as_after_reboot() -> Iterator[None]:
    """No file is cached at the beginning; meanwhile the disk of Docker's files has Linux's usual read-ahead.

    Raises:
        StepError: the engine does not answer.

    """
    # What somebody else has read does not count against a container's memory limit.
    os.sync()
    DROP_CACHES.write_text("3")
    setting = read_ahead_of(engine_folder())
    if setting is None:
        yield
        return
    before = setting.read_text()
    setting.write_text(str(READ_AHEAD_KIB))
    try:
        yield
    finally:
        setting.write_text(before)


def read_ahead_of(folder: Path) -> Path | None:
    """The kernel's setting, in KiB, for the disk that holds `folder`; None where that is no disk of its own.

    That is so with tmpfs, NFS and Btrfs.
    """
    device = folder.stat().st_dev
    disk_or_partition = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    for disk in (disk_or_partition, disk_or_partition.resolve().parent):
        if (setting := disk / "queue" / "read_ahead_kb").exists():
            return setting
    return None

"""What one process or thread at a time may do: it holds a file, which the kernel takes back however it ends."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def locked(file: Path, when_taken: Callable[[], object]) -> Iterator[None]:
    """Hold `file` until the end.

    While another holds it, `when_taken` is called once; unless that raises, the other is then waited for.

    Raises:
        OSError: the file can't be written.

    """
    with file.open("w") as lock:
        if not _take(lock):
            when_taken()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""What changes the services is done by one command at a time: two at once would leave Compose's work half done."""

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from typing import Final

from stack.failure import StepError
from stack.paths import ROOT

LOCK: Final = ROOT / ".build" / "up.lock"


@contextlib.contextmanager
def one_at_a_time(report: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other command of this checkout changes the services, and keep others waiting until the end.

    Raises:
        StepError: the lock's file can't be written.

    """
    try:
        LOCK.parent.mkdir(exist_ok=True)
        lock = LOCK.open("w")
    except OSError as error:
        raise StepError("waiting for other commands", str(error), f"Make {LOCK.parent} writable.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another command that starts or stops the services")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield

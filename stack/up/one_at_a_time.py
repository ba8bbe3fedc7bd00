"""What changes the services is done by one command at a time: two at once would leave Compose's work half done."""

import contextlib
from collections.abc import Iterator
from typing import Final

from stack.failure import StepError
from stack.lock import locked
from stack.paths import SCRATCH
from stack.terminal import Report

LOCK: Final = SCRATCH / "up.lock"


@contextlib.contextmanager
def one_at_a_time(report: Report) -> Iterator[None]:
    """Wait until no other command of this checkout changes the services, and keep others waiting until the end.

    Raises:
        StepError: the lock's file can't be written.

    """
    with contextlib.ExitStack() as held:
        try:
            LOCK.parent.mkdir(exist_ok=True)
            waiting = "waiting for another command that starts or stops the services"
            held.enter_context(locked(LOCK, lambda: report(waiting)))
        except OSError as error:
            raise StepError("waiting for other commands", str(error), f"Make {LOCK.parent} writable.") from error
        yield

"""What a test does over and over beside something else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.support.eventually import NOT_YET


@contextmanager
def repeated(action: Callable[[], object], *, every: float = 0.0) -> Iterator[None]:
    """Do `action` in the background, with so many seconds between, until the end.

    What nobody answers is tried again, as any sender does.
    """
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(every):
            with suppress(*NOT_YET):
                action()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()

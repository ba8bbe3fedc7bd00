"""Waiting for a condition by asking again."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def wait_until(
    ask: Callable[[], Answer], satisfied: Callable[[Answer], bool], *, within_seconds: float, pause_seconds: float = 0.2
) -> Answer:
    """Ask until an answer is `satisfied` or `within_seconds` are over; returns the last answer, whichever it was.

    The caller looks at it: only it knows what to say of one that came too late.
    """
    deadline = time.monotonic() + within_seconds
    while not satisfied(answer := ask()) and time.monotonic() <= deadline:
        time.sleep(pause_seconds)
    return answer

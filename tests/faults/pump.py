"""A sender of numbered records that may be faster than its receiver: what is pushed back waits here."""

import time
from collections.abc import Callable
from itertools import count

from bench.load.senders import Senders
from tests.faults.ledger import SECOND_NS


class Pump(Senders):
    """Sends records numbered from 0, up to `rate` a second, from `with` until its end.

    `fill` makes an export request of `size` records that begins with the number given.
    """

    def __init__(self, url: str, fill: Callable[[int], bytes], *, size: int, rate: float) -> None:
        super().__init__(
            url, map(fill, count(0, size)), per_second=rate / size, catch_up_seconds=1, give_up_seconds=180
        )
        self.began_ns = self.ended_ns = time.time_ns()
        self._size = size

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.ended_ns = time.time_ns() + SECOND_NS

    @property
    def emitted(self) -> int:
        """How many records have left."""
        return self.begun * self._size

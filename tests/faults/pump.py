"""A sender over several connections that may be faster than its receiver: what is pushed back waits here."""

import threading
import time
from collections.abc import Callable
from typing import Self

import requests

from stack.stores.otlp_http import PROTOBUF_HEADERS, RETRYABLE
from tests.faults.ledger import SECOND_NS

CONNECTIONS = 4
GIVE_UP_SECONDS = 180.0

Fill = Callable[[int], bytes]
"""Number of the first record → an export request that begins with it."""


class Pump:
    """Sends numbered records, up to `rate` a second, from `with` until its end; each request until it is accepted.

    Each connection fills requests of `size` records with a `Fill` of its own.
    """

    def __init__(self, url: str, new_fill: Callable[[], Fill], *, size: int, rate: float) -> None:
        self.emitted = 0
        self.pushed_back = 0
        self.began_ns = self.ended_ns = time.time_ns()
        self._url = url
        self._new_fill = new_fill
        self._size = size
        self._pause = size / rate
        self._due = time.monotonic()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(CONNECTIONS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Begin no new request, and wait until those that are under way are accepted."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.ended_ns = time.time_ns() + SECOND_NS

    def _work(self) -> None:
        fill = self._new_fill()
        session = requests.Session()
        while not self._stop.wait(self._until_its_turn()):
            with self._lock:
                first, self.emitted = self.emitted, self.emitted + self._size
            self._deliver(session, fill(first))

    def _until_its_turn(self) -> float:
        with self._lock:
            # What could not be sent in time is made up for, but not more than a second of it.
            self._due = max(self._due, time.monotonic() - 1) + self._pause
            return max(0.0, self._due - time.monotonic())

    def _deliver(self, session: requests.Session, payload: bytes) -> None:
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < give_up_at:
            try:
                status = session.post(self._url, payload, headers=PROTOBUF_HEADERS, timeout=30).status_code
            except requests.RequestException:
                status = 503
            if status not in RETRYABLE:
                return
            self.pushed_back += 1
            time.sleep(0.1)

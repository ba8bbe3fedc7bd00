"""Several connections that send, so that the sender is faster than what it measures."""

import http.client
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from stack.stores.otlp_http import PROTOBUF_HEADERS, RETRYABLE

GIVE_UP_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Delivery:
    """What became of requests that were sent."""

    seconds: float
    accepted: int
    refused: int
    """For good: the sender was not told to come back."""
    pushed_back: int


class Senders:
    """Connections that send requests, each until it is accepted, as SDKs do.

    With `per_second` a request leaves when it is due, however late the one before was. Leaving `with` stops them; that
    nobody took a request is said by `finish` and `stop`.
    """

    def __init__(self, url: str, requests: Iterable[bytes], *, connections: int = 4, per_second: float = 0) -> None:
        self._address = urlsplit(url)
        self._requests = enumerate(iter(requests))
        self._per_second = per_second
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._counts = {"accepted": 0, "refused": 0, "pushed_back": 0}
        self._threads = [threading.Thread(target=self._work) for _ in range(connections)]
        self._failure: Exception | None = None
        self._began = 0.0

    def __enter__(self) -> "Senders":
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._join()

    @property
    def accepted(self) -> int:
        """Requests accepted so far."""
        return self._counts["accepted"]

    @property
    def gave_up(self) -> bool:
        """Whether a request was pushed back, or found nobody, for two minutes: `finish` will raise."""
        return self._failure is not None

    @property
    def delivery(self) -> Delivery:
        """What has become of the requests so far."""
        return Delivery(time.monotonic() - self._began, **self._counts)

    def finish(self) -> Delivery:
        """Wait until every request is answered.

        Raises:
            TimeoutError: one was pushed back, or found nobody, for two minutes.

        """
        self._join()
        if self._failure:
            raise self._failure
        return self.delivery

    def stop(self) -> Delivery:
        """Begin no further request, and wait for those under way; raises like `finish`."""
        self._stop.set()
        return self.finish()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        connection = http.client.HTTPConnection(self._address.netloc, timeout=60)
        try:
            while (payload := self._next()) is not None:
                self._deliver(connection, payload)
        except TimeoutError as error:
            self._failure = error
        finally:
            connection.close()

    def _next(self) -> bytes | None:
        with self._lock:
            index, payload = next(self._requests, (0, None))
        if payload is None or self._stop.is_set():
            return None
        if self._per_second and self._stop.wait(max(0.0, self._began + index / self._per_second - time.monotonic())):
            return None
        return payload

    def _deliver(self, connection: http.client.HTTPConnection, payload: bytes) -> None:
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        while (status := self._send(connection, payload)) in RETRYABLE:
            self._count("pushed_back")
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{self._address.netloc} took nothing for {GIVE_UP_SECONDS:g} s")
            time.sleep(0.05)
        self._count("accepted" if status < 300 else "refused")

    def _send(self, connection: http.client.HTTPConnection, payload: bytes) -> int:
        try:
            connection.request("POST", self._address.path, payload, PROTOBUF_HEADERS)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 503
        return response.status

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

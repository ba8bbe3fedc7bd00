"""Several connections that send, so that the sender is faster than what it measures."""

import http.client
import math
import threading
import time
from collections.abc import Iterable
from typing import Self
from urllib.parse import urlsplit

from stack.stores.otlp_http import PROTOBUF_HEADERS, RETRYABLE


class Senders:
    """Connections that send requests, each until it is accepted, as SDKs do.

    With `per_second` a request leaves when it is due. What could not leave in time is made up for, but not more than
    `catch_up_seconds` of it. Leaving `with` stops them; that nobody took a request is said by `finish` and `stop`.

    So far `begun` requests were taken, `accepted` of them accepted, and requests were pushed back `pushed_back` times.
    It took `seconds` until none was under way any more.
    """

    def __init__(
        self,
        url: str,
        requests: Iterable[bytes],
        *,
        connections: int = 4,
        per_second: float = math.inf,
        catch_up_seconds: float = math.inf,
        give_up_seconds: float = 120,
    ) -> None:
        self.begun = self.accepted = self.pushed_back = 0
        self.seconds = 0.0
        self._address = urlsplit(url)
        self._requests = iter(requests)
        self._pause = 1 / per_second
        self._catch_up_seconds = catch_up_seconds
        self._give_up_seconds = give_up_seconds
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(connections)]
        self._failure: TimeoutError | None = None
        self._began = self._due = 0.0

    def __enter__(self) -> Self:
        self._began = self._due = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._join()

    @property
    def gave_up(self) -> bool:
        """Whether nobody took a request until its sender gave up: `finish` will raise."""
        return self._failure is not None

    def finish(self) -> None:
        """Wait until every request is answered.

        Raises:
            TimeoutError: one was pushed back, or found nobody, for `give_up_seconds`.

        """
        self._join()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Begin no further request, and wait for those under way; raises like `finish`."""
        self._stop.set()
        self.finish()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self._began

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
        if self._stop.wait(self._until_its_turn()):
            return None
        with self._lock:
            payload = next(self._requests, None)
            if payload is None:
                # The others need not wait for their turns.
                self._stop.set()
            else:
                self.begun += 1
        return payload

    def _until_its_turn(self) -> float:
        with self._lock:
            now = time.monotonic()
            due = max(self._due, now - self._catch_up_seconds)
            self._due = due + self._pause
            return max(0.0, due - now)

    def _deliver(self, connection: http.client.HTTPConnection, payload: bytes) -> None:
        give_up_at = time.monotonic() + self._give_up_seconds
        while (status := self._send(connection, payload)) in RETRYABLE:
            with self._lock:
                self.pushed_back += 1
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{self._address.netloc} took nothing for {self._give_up_seconds:g} s")
            time.sleep(0.05)
        if status < 300:
            with self._lock:
                self.accepted += 1

    def _send(self, connection: http.client.HTTPConnection, payload: bytes) -> int:
        try:
            connection.request("POST", self._address.path, payload, PROTOBUF_HEADERS)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 503
        return response.status

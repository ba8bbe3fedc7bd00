"""A sender that is faster than what it measures: requests are made beforehand, and several connections send them."""

import http.client
import json
import os
import random
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2

from stack.stores.otlp_http import PROTOBUF_HEADERS, RETRYABLE

LINE_BYTES: Final = 360
REQUEST_LINES: Final = 1000
# Each execution has as many lines as one of the application.
LINES_PER_EXECUTION: Final = 8
GIVE_UP_SECONDS: Final = 120.0

# Placeholders of fixed width, found once in the serialised template.
_TRACE = b"\xee" * 16
_SPAN = b"\xdd" * 8
_TRACE_HEX = "f" * 32
_SPAN_HEX = "a" * 16
_NUMBER = "9" * 9
_EXECUTION = "e-" + "8" * 9
_TIME = (1 << 62).to_bytes(8, "little")
# Texts as compressible as those that people write into logs.
_WORDS = re.findall(
    r"\w+",
    "execution pod queue scheduled finished namespace retry attempt worker timeout python image pulled started "
    "exit code memory limit reached event published consumer group stream offset saga compensated step result "
    "stored user language script submitted cache hit miss latency request accepted rejected connection closed "
    "opened lease renewed",
)
_EVENTS = ("Execution accepted", "Execution scheduled", "Pod requested", "Pod started", "Pod finished", "Result stored")
_LEVELS = ("info",) * 17 + ("warning", "warning", "error")


@dataclass(frozen=True)
class _Slots:
    """Where a record's own bytes are in the template."""

    time: int
    number: int
    execution: int
    trace_hex: int
    span_hex: int
    trace: int
    span: int


class Template:
    """An export request of `size` lines like the application's, each with number, trace id and span id of its own.

    `line_bytes` is the length of each line's JSON; a trace id a line is what costs Loki most (docs/decisions/0002).
    """

    def __init__(self, service_name: str, size: int = REQUEST_LINES, line_bytes: int = LINE_BYTES) -> None:
        self.size = size
        self._bytes = self._request(service_name, line_bytes).SerializeToString()
        self._slots = list(self._find_slots())

    def fill(self, first: int, at_ns: int | None = None, step_ns: int = 1) -> bytes:
        """The request with lines `first` to `first + size - 1`, `step_ns` apart, stamped from `at_ns` (now) on."""
        filled = bytearray(self._bytes)
        ids = os.urandom(24 * self.size)
        start = time.time_ns() if at_ns is None else at_ns
        for index, slots in enumerate(self._slots):
            number = first + index
            trace, span = ids[24 * index : 24 * index + 16], ids[24 * index + 16 : 24 * index + 24]
            filled[slots.time : slots.time + 8] = (start + index * step_ns).to_bytes(8, "little")
            filled[slots.number : slots.number + 9] = b"%09d" % number
            filled[slots.execution + 2 : slots.execution + 11] = b"%09d" % (number // LINES_PER_EXECUTION)
            filled[slots.trace_hex : slots.trace_hex + 32] = trace.hex().encode()
            filled[slots.span_hex : slots.span_hex + 16] = span.hex().encode()
            filled[slots.trace : slots.trace + 16] = trace
            filled[slots.span : slots.span + 8] = span
        return bytes(filled)

    def _request(self, service_name: str, line_bytes: int) -> logs_service_pb2.ExportLogsServiceRequest:
        # The same words at each run, so that runs can be compared.
        chance = random.Random(service_name)  # noqa: S311
        records = [self._record(chance, line_bytes) for _ in range(self.size)]
        name = common_pb2.KeyValue(key="service.name", value=common_pb2.AnyValue(string_value=service_name))
        return logs_service_pb2.ExportLogsServiceRequest(
            resource_logs=[
                logs_pb2.ResourceLogs(
                    resource=resource_pb2.Resource(attributes=[name]),
                    scope_logs=[logs_pb2.ScopeLogs(log_records=records)],
                )
            ]
        )

    def _record(self, chance: random.Random, line_bytes: int) -> logs_pb2.LogRecord:
        level = chance.choice(_LEVELS)
        line = {
            "timestamp": "2026-01-01T00:00:00.000000Z",
            "level": level,
            "logger": "integr8scode",
            "event": chance.choice(_EVENTS),
            "number": _NUMBER,
            "execution_id": _EXECUTION,
            "trace_id": _TRACE_HEX,
            "span_id": _SPAN_HEX,
            "detail": "",
        }
        if line_bytes < len(_compact(line)):
            # What a short line can do without.
            del line["timestamp"], line["logger"]
        room = max(0, line_bytes - len(_compact(line)))
        line["detail"] = " ".join(chance.choices(_WORDS, k=room // 4 + 1))[:room]
        return logs_pb2.LogRecord(
            time_unix_nano=int.from_bytes(_TIME, "little"),
            severity_number=logs_pb2.SEVERITY_NUMBER_INFO,
            severity_text=level.upper(),
            body=common_pb2.AnyValue(string_value=_compact(line)),
            trace_id=_TRACE,
            span_id=_SPAN,
        )

    def _find_slots(self) -> Iterator[_Slots]:
        position = 0
        # In the order of the fields in a serialised record.
        marks = (_TIME, _NUMBER.encode(), _EXECUTION.encode(), _TRACE_HEX.encode(), _SPAN_HEX.encode(), _TRACE, _SPAN)
        for _ in range(self.size):
            places = []
            for mark in marks:
                places.append(self._bytes.index(mark, position))
                position = places[-1] + len(mark)
            yield _Slots(*places)


def prepared(
    services: Sequence[str], lines: int, line_bytes: int = LINE_BYTES, size: int = REQUEST_LINES
) -> list[bytes]:
    """Requests with `lines` lines in all, numbered from 0, `size` in each, of one service after the other."""
    templates = [Template(service, size, line_bytes) for service in services]
    firsts = range(0, lines, size)
    return [templates[index % len(templates)].fill(first) for index, first in enumerate(firsts)]


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


def _compact(document: dict[str, str]) -> str:
    return json.dumps(document, separators=(",", ":"))

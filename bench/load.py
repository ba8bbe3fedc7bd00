"""A sender that is faster than what it measures: payloads are serialised once, and only their ids are patched."""

import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2

LINE_BYTES: Final = 360
# Placeholders of fixed width, found once in the serialised template.
_ID = b"\xee" * 16
_HEX = "f" * 32
_NUMBER = "9" * 9


@dataclass(frozen=True)
class _Slots:
    """Where a record's own bytes are in the template."""

    number: int
    hex_id: int
    raw_id: int
    time: int


class Template:
    """An export request of `size` lines of 360 bytes, each with its number and a trace id that no other line has."""

    def __init__(self, service_name: str, size: int) -> None:
        self.size = size
        self._time = (1 << 62).to_bytes(8, "little")
        self._bytes = self._request(service_name).SerializeToString()
        self._slots = list(self._find_slots())

    def fill(self, first: int) -> bytes:
        """The request with lines `first` to `first + size - 1`, stamped with the present time."""
        filled = bytearray(self._bytes)
        ids = os.urandom(16 * self.size)
        now = time.time_ns()
        for index, slots in enumerate(self._slots):
            raw = ids[16 * index : 16 * index + 16]
            filled[slots.number : slots.number + 9] = b"%09d" % (first + index)
            filled[slots.hex_id : slots.hex_id + 32] = raw.hex().encode()
            filled[slots.raw_id : slots.raw_id + 16] = raw
            filled[slots.time : slots.time + 8] = (now + index).to_bytes(8, "little")
        return bytes(filled)

    def _request(self, service_name: str) -> logs_service_pb2.ExportLogsServiceRequest:
        start = (
            f'{{"event":"execution finished","level":"info","logger":"integr8scode","number":"{_NUMBER}",'
            f'"execution_id":"e-{_NUMBER}","trace_id":"{_HEX}","detail":"'
        )
        body = start + "x" * (LINE_BYTES - len(start) - 2) + '"}'
        record = logs_pb2.LogRecord(
            time_unix_nano=int.from_bytes(self._time, "little"),
            severity_number=logs_pb2.SEVERITY_NUMBER_INFO,
            severity_text="INFO",
            body=common_pb2.AnyValue(string_value=body),
            trace_id=_ID,
            span_id=_ID[:8],
        )
        name = common_pb2.KeyValue(key="service.name", value=common_pb2.AnyValue(string_value=service_name))
        return logs_service_pb2.ExportLogsServiceRequest(
            resource_logs=[
                logs_pb2.ResourceLogs(
                    resource=resource_pb2.Resource(attributes=[name]),
                    scope_logs=[logs_pb2.ScopeLogs(log_records=[record] * self.size)],
                )
            ]
        )

    def _find_slots(self) -> Iterator[_Slots]:
        position = 0
        for _ in range(self.size):
            at_time = self._bytes.index(self._time, position)
            at_number = self._bytes.index(_NUMBER.encode(), at_time)
            at_hex = self._bytes.index(_HEX.encode(), at_number)
            at_raw = self._bytes.index(_ID, at_hex)
            position = at_raw + 16
            yield _Slots(at_number, at_hex, at_raw, at_time)


class Connection:
    """One keep-alive connection to an OTLP/HTTP endpoint."""

    def __init__(self, otlp_http: str) -> None:
        self._http = http.client.HTTPConnection(urlsplit(otlp_http).netloc, timeout=60)

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def send(self, payload: bytes) -> None:
        """Send until it is accepted: a sender that keeps what the Collector pushes back, as SDKs do."""
        while not self._accepted(payload):
            time.sleep(0.05)

    def _accepted(self, payload: bytes) -> bool:
        self._http.request("POST", "/v1/logs", payload, {"Content-Type": "application/x-protobuf"})
        response = self._http.getresponse()
        body = response.read()
        if response.status in {429, 503}:
            return False
        if response.status != http.client.OK:
            raise RuntimeError(f"the Collector answered {response.status}: {body[:300]!r}")
        return True


def send_lines(otlp_http: str, service_name: str, lines: int, progress: Callable[[int], None]) -> float:
    """Send `lines` numbered lines as fast as they are accepted; returns the seconds that it took."""
    template = Template(service_name, size=1000)
    numbers = iter(range(0, lines, template.size))
    lock = threading.Lock()

    def take() -> int | None:
        with lock:
            return next(numbers, None)

    def work() -> None:
        with closing(Connection(otlp_http)) as connection:
            while (first := take()) is not None:
                connection.send(template.fill(first))
                progress(template.size)

    began = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began

"""Requests of numbered lines like the application's, made so fast that filling them is no part of what is measured."""

import json
import os
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2

LINE_BYTES: Final = 360
REQUEST_LINES: Final = 1000
# Each execution has as many lines as one of the application.
LINES_PER_EXECUTION: Final = 8

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


def _compact(document: dict[str, str]) -> str:
    return json.dumps(document, separators=(",", ":"))

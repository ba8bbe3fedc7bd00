"""What a Collector that never answers costs the process that logs: each call, and its end."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from app.core.bounded_queue import Limits
from app.core.delivery import LogDelivery, Schedule
from app.core.log_exporter import LogExporter

# The losses are on purpose, and their warnings nothing for the terminal.
logging.getLogger("app.core").addHandler(logging.NullHandler())

_RECORDS = 20_000
_REPEATS = 5
_STOP_SECONDS = 0.5
_LINE = '{"timestamp":"t","level":"info","logger":"l","event":"' + "x" * 200 + '"}'


def share_of_calls() -> float:
    """How many times as long a call takes beside attempts that hang as without any attempt; the best of a few."""
    with _black_hole() as endpoint:
        hanging = min(_emitting(endpoint, Schedule(interval_seconds=0.01)) for _ in range(_REPEATS))
        alone = min(_emitting(endpoint, Schedule(interval_seconds=3600)) for _ in range(_REPEATS))
    return hanging / alone


def share_of_stop() -> float:
    """How many times as long a stop takes as it was given, while an attempt hangs."""
    with _black_hole() as endpoint:
        delivery = _delivery(endpoint, Schedule(interval_seconds=0.01))
        _emit(delivery, 50)
        begun = time.perf_counter()
        delivery.stop(_STOP_SECONDS)
        return (time.perf_counter() - begun) / _STOP_SECONDS


@contextmanager
def _black_hole() -> Iterator[str]:
    """The address of somebody who is called and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _delivery(endpoint: str, schedule: Schedule) -> LogDelivery:
    return LogDelivery(LogExporter(endpoint), Resource({}), Limits(), schedule)


def _emitting(endpoint: str, schedule: Schedule) -> float:
    """Seconds for all calls, of which the queue takes every one."""
    delivery = _delivery(endpoint, schedule)
    begun = time.perf_counter()
    _emit(delivery, _RECORDS)
    seconds = time.perf_counter() - begun
    delivery.stop(0)
    return seconds


def _emit(delivery: LogDelivery, records: int) -> None:
    scope = InstrumentationScope("l")
    for _ in range(records):
        record = LogRecord(timestamp=1, severity_number=SeverityNumber.INFO, severity_text="INFO", body=_LINE)
        delivery.on_emit(ReadWriteLogRecord(record, instrumentation_scope=scope))

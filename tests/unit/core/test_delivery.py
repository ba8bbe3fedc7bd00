"""Delivery under faults: nothing blocks, nothing grows, nothing is lost that could be delivered."""

import json
import logging
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from app.core.bounded_queue import BoundedQueue, Limits
from app.core.delivery import LogDelivery, Schedule
from app.core.log_exporter import LogExporter, Outcome
from tests.unit.core.collector import Collector

LINE = json.dumps({"timestamp": "t", "level": "info", "logger": "l", "event": "x" * 200})
FAST = Schedule(interval_seconds=0.01)


@contextmanager
def delivering(endpoint: str, limits: Limits | None = None, schedule: Schedule = FAST) -> Iterator[LogDelivery]:
    delivery = LogDelivery(LogExporter(endpoint), Resource({}), limits or Limits(), schedule)
    try:
        yield delivery
    finally:
        delivery.stop(0.1)


def emit(delivery: LogDelivery, count: int = 1, body: str = LINE) -> None:
    for _ in range(count):
        record = LogRecord(timestamp=1, severity_number=SeverityNumber.INFO, severity_text="INFO", body=body)
        delivery.on_emit(ReadWriteLogRecord(record, instrumentation_scope=InstrumentationScope("l")))


def wait_until_settled(delivery: LogDelivery) -> None:
    assert delivery.force_flush(20_000), f"{delivery.pending} records are still waiting"


def test_records_arrive_in_order(collector: Collector) -> None:
    with delivering(collector.endpoint) as delivery:
        for number in range(2_000):
            emit(delivery, body=f'{{"n":{number}}}')
        assert [each.fields["n"] for each in collector.wait_for(2_000)] == list(range(2_000))


def test_a_restarting_collector_loses_nothing(collector: Collector) -> None:
    with delivering(collector.endpoint) as delivery:
        emit(delivery, 100)
        collector.wait_for(100)
        # What is received is not yet answered: without its answer it would rightly be sent again, and be there twice.
        wait_until_settled(delivery)
        collector.stop()
        emit(delivery, 500)
        collector.start()
        emit(delivery, 100)
        collector.wait_for(700)
        wait_until_settled(delivery)
        assert len(collector.received) == 700
        assert not delivery.losses.total


@pytest.mark.parametrize(
    "status",
    [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED],
)
def test_a_collector_that_refuses_for_now_gets_everything_later(collector: Collector, status: grpc.StatusCode) -> None:
    collector.refuse_with = status
    with delivering(collector.endpoint) as delivery:
        emit(delivery, 100)
        collector.wait_until_asked(2)
        assert collector.received == []
        collector.refuse_with = None
        collector.wait_for(100)
        wait_until_settled(delivery)
        assert not delivery.losses.total


def test_a_collector_that_refuses_for_good_is_reported(collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    collector.refuse_with = grpc.StatusCode.UNAUTHENTICATED
    with delivering(collector.endpoint) as delivery:
        emit(delivery, 100)
        wait_until_settled(delivery)
        assert delivery.losses.total == {"refused": 100}
    [report] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert report.__dict__["lost"] == {"refused": 100}
    assert "UNAUTHENTICATED" in report.__dict__["last_error"]


def test_records_that_the_collector_rejects_of_a_request_are_counted(collector: Collector) -> None:
    collector.rejected_of_each_request = 3
    with delivering(collector.endpoint) as delivery:
        emit(delivery, 10)
        wait_until_settled(delivery)
        assert delivery.losses.total["refused"] == 3 * len(collector.batches)
        assert delivery.delivered == 10 - delivery.losses.total["refused"]


def test_a_black_hole_neither_blocks_nor_loses(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "0.3")
    with delivering(collector.endpoint) as delivery:
        with collector.silent():
            emit(delivery, 1_000)
            # The first attempt has been given up.
            collector.wait_until_asked(2)
            assert delivery.pending == 1_000
        collector.wait_for(1_000)
        wait_until_settled(delivery)
        assert not delivery.losses.total


def test_nobody_there_means_a_new_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    # A channel whose name had no address waits up to two minutes before it looks again; measured in decision 5.
    channels: list[LogExporter] = []
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        exporter = LogExporter(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setattr(exporter, "reconnect", lambda: channels.append(exporter))

        outcome, _, error = exporter.send(ExportLogsServiceRequest(), timeout=5)

    assert outcome is Outcome.TRY_AGAIN, error
    assert channels == [exporter]


def test_large_records_are_spread_over_requests_below_the_limit(collector: Collector) -> None:
    with delivering(collector.endpoint) as delivery:
        emit(delivery, 200, json.dumps({"event": "x" * 100_000}))
        collector.wait_for(200)
    assert max(collector.batches) < 2 * 1024 * 1024
    assert not delivery.losses.total


def test_a_huge_record_is_shortened_and_its_neighbours_arrive(collector: Collector) -> None:
    with delivering(collector.endpoint) as delivery:
        emit(delivery)
        emit(delivery, body=json.dumps({"event": "huge", "text": "x" * 10_000_000}))
        emit(delivery)
        first, huge, last = collector.wait_for(3)
    assert first.body == last.body == LINE
    assert huge.fields["event"] == "huge"
    assert huge.fields["truncated_bytes"] > 10_000_000
    assert len(huge.body) < 256 * 1024


def test_a_collector_with_a_lower_limit_gets_smaller_requests() -> None:
    collector = Collector()
    collector.max_message_bytes = 64 * 1024
    collector.start()
    try:
        with delivering(collector.endpoint) as delivery:
            emit(delivery, 400)
            emit(delivery, body=json.dumps({"event": "x" * 100_000}))
            emit(delivery, 400)
            collector.wait_for(800)
            wait_until_settled(delivery)
            assert delivery.losses.total == {"refused": 1}
    finally:
        collector.stop()


def test_a_full_queue_keeps_the_oldest_and_counts_the_rest() -> None:
    with delivering("http://127.0.0.1:1", Limits(records=100)) as delivery:
        emit(delivery, 1_000)
        lost = delivery.losses.total["queue_full"]
        assert lost + delivery.pending == 1_000
        # What is in flight has left the queue.
        assert len(delivery.queue) <= 100


def test_losses_are_said_at_once_and_then_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    with delivering("http://127.0.0.1:1", Limits(records=10)) as delivery:
        emit(delivery, 100)
        deadline = time.monotonic() + 5
        while not caplog.records and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(20):
            emit(delivery, 100)
            time.sleep(0.05)
        assert [record.__dict__["lost"] for record in caplog.records] == [
            {"queue_full": caplog.records[0].__dict__["lost"]["queue_full"]}
        ]


@pytest.mark.parametrize("length", [100, 2_000, 100_000], ids=["bound by records", "by bytes", "large records"])
def test_a_full_queue_takes_at_most_32_mib(length: int) -> None:
    line = json.dumps({"event": "x" * length})
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        with delivering("http://127.0.0.1:1") as delivery:
            while not delivery.losses.total["queue_full"]:
                emit(delivery, 100, line)
            after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 32 * 1024 * 1024


def test_the_queue_is_bounded_in_bytes() -> None:
    queue = BoundedQueue(Limits(records=1_000, bytes=10_000))
    while queue.has_room_for(1_000):
        queue.put("l", b"x" * 1_000)
    assert 8_000 < queue.size <= 10_000
    assert len(list(queue.take(1_000, 3_000))) == 3
    assert queue.has_room_for(1_000)


def test_stopping_gives_up_in_time_and_says_what_was_not_delivered(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    with collector.silent():
        delivery = LogDelivery(LogExporter(collector.endpoint), Resource({}), Limits(), FAST)
        emit(delivery, 50)
        delivery.stop(0.5)
    assert delivery.losses.total == {"not_delivered_at_exit": 50}
    assert "were lost" in caplog.messages[-1]


def test_stopping_delivers_what_is_queued(collector: Collector) -> None:
    delivery = LogDelivery(LogExporter(collector.endpoint), Resource({}), Limits(), Schedule(interval_seconds=60))
    emit(delivery, 5_000)
    delivery.stop(10)
    assert len(collector.received) == 5_000
    assert not +delivery.losses.total

"""Delivery of log records to the Collector: never in the caller's way, and not given up while there is hope.

The SDK's BatchLogRecordProcessor is not used because it bounds its queue and its batches in records only (512 large
ones exceed gRPC's 4 MiB, and the batch is lost), forgets a batch whose export failed (an outage longer than the
exporter's six attempts loses it), and ignores the timeout of a flush (31 s at exit while the Collector is away).
`docs/decisions/0005-own-log-delivery.md` compares the two.
"""

import os
import random
import threading
import time
from dataclasses import dataclass

from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource

from app.core import losses
from app.core.bounded_queue import BoundedQueue, Limits
from app.core.json_line import shorten_line
from app.core.log_exporter import LogExporter, Outcome, build_request, encode
from app.core.losses import Losses
from app.core.record_limits import MAX_BODY_BYTES

Batch = list[tuple[str, bytes]]

_MAX_UTF8_BYTES = 4
# Below the 4 MiB that a gRPC server accepts by default, with room for one more record and the resource.
_MAX_BATCH_BYTES = 1024 * 1024
_FIRST_PAUSE_SECONDS = 0.25
# Short enough that a Collector that comes back is noticed before anybody wonders.
_LONGEST_PAUSE_SECONDS = 2.0
_PAUSE_AT_EXIT_SECONDS = 0.1


@dataclass(frozen=True)
class Schedule:
    """OTEL_BLRP_SCHEDULE_DELAY and OTEL_BLRP_MAX_EXPORT_BATCH_SIZE.

    The delay is a tenth of OpenTelemetry's default: a line should be queryable within half a second.
    """

    interval_seconds: float = 0.1
    batch_records: int = 512


class LogDelivery(LogRecordProcessor):
    """Queues records as the bytes they will be sent as, and sends them from a thread of its own."""

    def __init__(self, exporter: LogExporter, resource: Resource, limits: Limits, schedule: Schedule) -> None:
        self.queue = BoundedQueue(limits)
        self.losses = Losses()
        self.delivered = 0
        self._exporter = exporter
        self._resource = resource
        self._schedule = schedule
        self._in_flight: Batch = []
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._thread = self._start()
        os.register_at_fork(after_in_child=self._restart_in_child)

    @property
    def pending(self) -> int:
        """Records that are queued or being sent."""
        return len(self.queue) + len(self._in_flight)

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Queue the record, or count it as lost; the logging handler's lock admits one caller at a time."""
        if self._stopping.is_set():
            self.losses.add(losses.AFTER_SHUTDOWN, 1)
            return
        source = log_record.log_record
        body = _shortened(str(source.body))
        if not self.queue.has_room_for(len(body)):
            self.losses.add(losses.QUEUE_FULL, 1)
            return
        scope = log_record.instrumentation_scope
        self.queue.put(scope.name if scope else "", encode(source, body))

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until everything is delivered; False if that takes longer than the timeout."""
        deadline = time.monotonic() + timeout_millis / 1000
        while self.pending and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self.pending

    def shutdown(self) -> None:
        """Deliver what is queued within OpenTelemetry's default of 30 s; see `stop` for another time."""
        self.stop(30.0)

    def stop(self, seconds: float) -> None:
        """Deliver what is queued within `seconds`, then give up, and say on stdout what was not delivered."""
        self._deadline = time.monotonic() + seconds
        self._stopping.set()
        self._thread.join(seconds)
        # Ends an attempt that hangs.
        self._exporter.shutdown()
        if self.pending:
            self.losses.add(losses.NOT_DELIVERED_AT_EXIT, self.pending)
        self.losses.report_now()

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="log-delivery", daemon=True)
        thread.start()
        return thread

    def _restart_in_child(self) -> None:
        self.queue.clear()
        self._in_flight = []
        self._exporter.reconnect()
        self._thread = self._start()

    def _run(self) -> None:
        while not self._stopping.wait(self._schedule.interval_seconds):
            self._drain()
            self.losses.report()
        self._drain()

    def _drain(self) -> None:
        while len(self.queue) and time.monotonic() < self._deadline:
            self._in_flight = list(self.queue.take(self._schedule.batch_records, _MAX_BATCH_BYTES))
            if not self._deliver(self._in_flight):
                return
            self._in_flight = []

    def _deliver(self, batch: Batch) -> bool:
        """Send `batch`, again and again if need be; False if the process ended before that worked."""
        request = build_request(self._resource, batch)
        pause = _FIRST_PAUSE_SECONDS
        while (left := self._deadline - time.monotonic()) > 0:
            outcome, rejected, error = self._exporter.send(request, min(self._exporter.timeout, left))
            if outcome is Outcome.TOO_LARGE and len(batch) > 1:
                middle = len(batch) // 2
                return self._deliver(batch[:middle]) and self._deliver(batch[middle:])
            if outcome is not Outcome.TRY_AGAIN:
                self._settle(len(batch), rejected if outcome is Outcome.DELIVERED else len(batch), error)
                return True
            self._pause(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        return False

    def _settle(self, records: int, refused: int, error: str) -> None:
        self.delivered += records - refused
        if refused:
            self.losses.add(losses.REFUSED, refused, error)

    def _pause(self, seconds: float) -> None:
        self.losses.report()
        # Some randomness, so that processes that lost the same Collector do not come back all at once.
        if self._stopping.wait(seconds * random.uniform(0.8, 1.2)):  # noqa: S311 (no secret)
            time.sleep(_PAUSE_AT_EXIT_SECONDS)


def _shortened(body: str) -> str:
    if len(body) * _MAX_UTF8_BYTES <= MAX_BODY_BYTES or len(body.encode()) <= MAX_BODY_BYTES:
        return body
    return shorten_line(body, MAX_BODY_BYTES)

"""The Collector's queue for Loki: lines that are neither lost nor stored yet."""

import time

import requests

from stack.failure import StepError
from stack.stores.exposed_metrics import ExposedMetrics
from stack.terminal import Report
from stack.units import MIB

# What is under way at any moment of steady traffic (otel-collector-config.yaml): an application's batch, of 1 MiB at
# most, counts until the last of the requests that it becomes is stored, and the next one is read meanwhile. Less than
# this is no backlog, if it stays so for longer than the exporter's longest pause between two attempts (5 s, half as
# much again by chance).
_IN_FLIGHT_BYTES = 2 * MIB
_STEADY_SECONDS = 10.0
# An eighth of the queue: the rest is for the lines that the application writes meanwhile.
_BACKFILL_SHARE_BYTES = 64 * MIB
# The application's own queues try again after pauses of up to 6 s, and then deliver what they hold.
_SENDERS_ARE_BACK_SECONDS = 15.0
_STUCK_AFTER_SECONDS = 60.0
_POLL_SECONDS = 0.2


class CollectorQueue:
    """The queue of the Collector whose own metrics are at `metrics_url`."""

    def __init__(self, metrics_url: str) -> None:
        self._url = metrics_url

    def wait_until_drained(self, report: Report) -> None:
        """Return once what the application has sent is in Loki, which is known to be ready.

        Raises:
            StepError: the Collector does not answer, or its queue does not shrink any more.

        """
        while (uptime := self._metrics().total("otelcol_process_uptime")) < _SENDERS_ARE_BACK_SECONDS:
            report("the Collector has just started: waiting for what the application held back")
            time.sleep(min(1.0, _SENDERS_ARE_BACK_SECONDS - uptime))
        self._wait(_IN_FLIGHT_BYTES, report, steady_seconds=_STEADY_SECONDS)

    def wait_for_room(self, report: Report) -> None:
        """Return once the queue has room for a backfill beside the application's lines.

        Raises:
            StepError: the Collector does not answer, or its queue does not shrink any more.

        """
        self._wait(_BACKFILL_SHARE_BYTES, report, steady_seconds=0)

    def _wait(self, limit: int, report: Report, *, steady_seconds: float) -> None:
        """Wait until the queue is empty, or has not been above `limit` for `steady_seconds`."""
        above = progress = time.monotonic()
        smallest = float("inf")
        while size := self._metrics().total("otelcol_exporter_queue_size", data_type="logs"):
            now = time.monotonic()
            if size < smallest:
                smallest, progress = size, now
            if size > limit:
                above = now
                report(f"waiting for Loki: the Collector's queue holds {size / MIB:.0f} MiB")
            elif now - above >= steady_seconds:
                return
            if now - progress > _STUCK_AFTER_SECONDS and size > limit:
                raise StepError(
                    "waiting for the Collector's queue",
                    f"it holds {size / MIB:.0f} MiB, and has not shrunk for {_STUCK_AFTER_SECONDS:.0f} s",
                    "See why Loki takes nothing (`make logs SERVICE=otel-collector`), then try again.",
                )
            time.sleep(_POLL_SECONDS)

    def _metrics(self) -> ExposedMetrics:
        try:
            return ExposedMetrics.of(self._url)
        except requests.RequestException as error:
            raise StepError(
                "asking the Collector what it still holds",
                f"{self._url}/metrics does not answer ({type(error).__name__})",
                "`make up`, then try again: what its queue holds is not lost, but would count as missing.",
            ) from error

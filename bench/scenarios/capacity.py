"""The rate that is passed on to Loki while more comes in, by the size of lines and the number of services."""

import time
from dataclasses import dataclass

from bench.load.senders import Senders
from bench.load.templates import LINE_BYTES, prepared
from bench.scenario import Cases, Figures
from bench.systems.collector import sent_lines, wait_until_drained
from bench.systems.running import Running

# More than any Loki here takes, less than what fills the Collector's queue before the end.
OFFERED_BYTES_PER_SECOND = 22_000_000
REQUEST_BYTES = 400_000


@dataclass(frozen=True)
class Capacity:
    """Each case: `line_bytes` and how many services, offered for `seconds`, of which the middle half is counted."""

    cases: tuple[tuple[int, int], ...] = (
        (200, 7),
        (1_000, 7),
        (10_000, 7),
        (LINE_BYTES, 1),
        (LINE_BYTES, 7),
        (LINE_BYTES, 100),
    )
    seconds: int = 16

    def __call__(self, running: Running) -> Cases:
        """Measure every case, each with an empty queue before it."""
        return {
            f"{line_bytes:,} B, {services} service{'s' if services > 1 else ''}": self._offered(
                running, line_bytes, services
            )
            for line_bytes, services in self.cases
        }

    def _offered(self, running: Running, line_bytes: int, services: int) -> Figures:
        size = max(10, REQUEST_BYTES // line_bytes)
        lines = OFFERED_BYTES_PER_SECOND * self.seconds // line_bytes
        requests = prepared([f"capacity-{number}" for number in range(services)], lines, line_bytes, size)
        with Senders(running.logs_url, requests, per_second=len(requests) / self.seconds) as senders:

            def taken() -> float:
                if running.has_collector:
                    return sent_lines(running.collector_metrics)
                return senders.accepted * size

            time.sleep(self.seconds / 4)
            first, began = taken(), time.monotonic()
            time.sleep(self.seconds / 2)
            rate = (taken() - first) / (time.monotonic() - began)
            senders.stop()
        if running.has_collector:
            wait_until_drained(running.collector_metrics)
        return {"lines/s": rate, "MB/s of JSON": rate * line_bytes / 1e6}

"""Numbered lines from senders into Loki, with whatever happens on the way, and the count of what arrived."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bench.load.senders import Senders
from bench.load.tally import Tally, tally
from bench.load.templates import LINE_BYTES, REQUEST_LINES, prepared
from bench.scenario import Cases, Figures
from bench.systems.collector import wait_until_drained
from bench.systems.containers import PeakMemory
from bench.systems.running import Running
from stack.failure import StepError
from stack.waiting import wait_until

Incident = Callable[[Running], Figures]
# The seven services of the application, by other names.
SERVICES = tuple(f"transfer-{number}" for number in range(7))
SELECTOR = '{service_name=~"transfer-.+"}'
ON_THE_WAY = {"otel-collector", "loki"}
READY_WITHIN_SECONDS = 300.0


@dataclass(frozen=True)
class Transfer:
    """`lines` lines by seven services, as fast as they are taken unless a rate is given.

    Incidents happen when equal shares of them are accepted.
    """

    lines: int
    lines_per_second: float = math.inf
    incidents: tuple[Incident, ...] = ()
    line_bytes: int = LINE_BYTES

    def __call__(self, running: Running) -> Cases:
        """Send all, wait until nothing moves any more, and count."""
        requests = prepared(SERVICES, self.lines, self.line_bytes)
        restarts = running.containers.restarts()
        began, began_ns = time.monotonic(), time.time_ns()
        with PeakMemory(running.containers) as memory:
            figures = self._sent(running, requests)
            if running.has_loki:
                figures |= self._arrived(running, began, began_ns)
        after = running.containers.restarts()
        for service in sorted(ON_THE_WAY & set(restarts)):
            figures[f"peak memory of {service} MiB"] = memory.mib[service]
            figures[f"restarts of {service}"] = after[service] - restarts[service]
        return {self._case: figures}

    def _sent(self, running: Running, requests: list[bytes]) -> Figures:
        figures: Figures = {}
        senders = Senders(running.logs_url, requests, per_second=self.lines_per_second / REQUEST_LINES)
        # Where nobody takes anything for two minutes, the senders give up: those lines are lost.
        with suppress(TimeoutError), senders:
            for number, incident in enumerate(self.incidents, start=1):
                while senders.accepted < len(requests) * number / (len(self.incidents) + 1) and not senders.gave_up:
                    time.sleep(0.05)
                figures |= incident(running)
            senders.finish()
        figures["accepted lines/s"] = senders.accepted * REQUEST_LINES / senders.seconds
        return figures

    @property
    def _case(self) -> str:
        rate = "full speed" if math.isinf(self.lines_per_second) else f"{self.lines_per_second:,} lines/s"
        return f"{self.lines / 1e6:g} M lines, {rate}"

    def _arrived(self, running: Running, began: float, began_ns: int) -> Figures:
        drained = wait_until_drained(running.collector_metrics) if running.has_collector else time.monotonic()
        # Stamped when they were prepared, which takes about 5 µs a line.
        since_ns = began_ns - self.lines * 10_000 - 10**9
        try:
            found = tally(running.loki, SELECTOR, self.lines, since_ns, time.time_ns())
        except StepError:
            # What can't be read is lost.
            found = Tally(stored=0, lost=self.lines, doubled=0)
        return {
            "all passed on after s": drained - began,
            "lost lines": found.lost,
            "doubled lines": found.doubled,
        }


def loki_killed(running: Running) -> Figures:
    """Kill -9; how long until Loki says by itself that it is ready again."""
    running.containers.kill("loki")
    began = time.monotonic()
    time.sleep(0.2)
    wait_until(running.loki_answers, bool, within_seconds=READY_WITHIN_SECONDS, pause_seconds=0.1)
    return {"Loki ready again s": time.monotonic() - began}


def worst_query(running: Running) -> Figures:
    """A metric query that reads and parses every line, which is the hardest on memory that a person types by chance."""
    began = time.monotonic()
    try:
        running.loki.query(f"sum by (event) (count_over_time({SELECTOR} | json [1h]))")
        answered = 1
    except StepError:
        answered = 0
    return {"worst query s": time.monotonic() - began, "worst query answered": answered}

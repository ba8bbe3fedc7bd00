"""Emit → queryable: ten probes a second, each watched until a query finds it, while other lines come in."""

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import requests

from bench.load.otlp import Record
from bench.load.senders import Senders
from bench.load.talker import is_probe
from bench.load.templates import prepared
from bench.scenario import Cases, Figures, percentile
from bench.systems.running import PORTS, Running
from stack.failure import StepError
from stack.paths import ROOT
from stack.stores.loki import MOST_LINES, Loki
from stack.stores.otlp_http import post

PROBES_PER_SECOND = 10
# The slowest configuration here needs 10 s; what is not there by then counts with all of it.
GIVE_UP_SECONDS = 20.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Latency:
    """Probes for `seconds` at each of `rates` (lines a second in all, by seven services)."""

    rates: tuple[int, ...] = (10, 1_000, 10_000)
    seconds: int = 15

    def __call__(self, running: Running) -> Cases:
        """Measure every rate, and where there is a Collector a Python process's own `logger.info`."""
        # First, because some configurations don't survive the highest rate.
        own = {"10 lines/s, from logger.info": self._from_python(running)} if running.has_collector else {}
        return {f"{rate:,} lines/s": self._at(rate, running) for rate in self.rates} | own

    def _at(self, rate: int, running: Running) -> Figures:
        others = rate - PROBES_PER_SECOND
        # Twenty requests a second, as if each of seven services sent its own every third of a second.
        size = max(1, others // 20)
        lines = prepared([f"others-{number}" for number in range(7)], others * (self.seconds + 2), size=size)
        with Senders(running.logs_url, lines, per_second=20), Probes(running.loki) as probes:
            for _ in _ticks(PROBES_PER_SECOND, self.seconds):
                probes.emit(lambda record: _post(running.logs_url, record))
            return probes.figures()

    def _from_python(self, running: Running) -> Figures:
        environment = {
            **os.environ,
            "OTEL_SERVICE_NAME": f"talker-{secrets.token_hex(4)}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{PORTS['OTLP_GRPC_PORT']}",
        }
        command = [sys.executable, "-m", "bench.load.talker", str(PROBES_PER_SECOND), str(self.seconds)]
        with (
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as talker,
            Probes(running.loki, environment["OTEL_SERVICE_NAME"]) as probes,
        ):
            assert talker.stdout is not None
            # The other configurations take no metrics: of that the SDK complains at the end, on stdout alone.
            for line in filter(is_probe, talker.stdout):
                probes.emitted(line.rstrip("\n"))
            return probes.figures()


class Probes:
    """Lines of a service that nobody else uses, and when each was found."""

    def __init__(self, loki: Loki, service: str = "") -> None:
        self._service = service or f"probe-{secrets.token_hex(4)}"
        self._loki = loki
        self._emitted: dict[str, int] = {}
        self._found: dict[str, int] = {}
        self._complete = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Probes":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._complete.set()
        self._thread.join()

    def emit(self, send: Callable[[Record], None]) -> None:
        """Send one more."""
        record = Record(self._service, f"probe {len(self._emitted)}")
        self._emitted[record.body] = time.time_ns()
        send(record)

    def emitted(self, line: str) -> None:
        """Note a line that a process has just written to its stdout."""
        self._emitted[line] = time.time_ns()

    def figures(self) -> Figures:
        """Wait until all are found, or the time is up, and say how long it took."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while len(self._found) < len(self._emitted) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        seconds = [max(0, self._found[line] - at) / 1e9 for line, at in self._emitted.items() if line in self._found]
        missing = len(self._emitted) - len(seconds)
        seconds += [GIVE_UP_SECONDS] * missing
        return {
            "p50 s": percentile(seconds, 0.5),
            "p99 s": percentile(seconds, 0.99),
            "worst s": max(seconds),
            "not found": missing,
        }

    def _watch(self) -> None:
        since = time.time_ns()
        while not self._complete.wait(POLL_SECONDS):
            try:
                lines = self._loki.lines(f'{{service_name="{self._service}"}}', start_ns=since, limit=MOST_LINES)
            except StepError:
                continue
            now = time.time_ns()
            for line in lines:
                self._found.setdefault(line.body, now)
            waiting = [at for line, at in self._emitted.copy().items() if line not in self._found]
            since = min(waiting, default=now) - 10**9


def _post(url: str, record: Record) -> None:
    # What is refused here is not found later, which is what is counted.
    try:
        post(url, record.request().SerializeToString())
    except requests.RequestException:
        return


def _ticks(per_second: int, seconds: int) -> Iterator[int]:
    began = time.monotonic()
    for number in range(per_second * seconds):
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        yield number

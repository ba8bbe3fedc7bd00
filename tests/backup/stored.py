"""What a stack has stored, in figures that can be compared before and after."""

import dataclasses
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self

import requests

from bench.load.templates import Template
from stack.docker.endpoints import endpoints
from stack.stores.loki import Loki
from stack.stores.otlp_http import post
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.support.backend import Backend
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger

LINES = 20_000
SAMPLES = 1_000
SENDER = "backup-lines"


@dataclass(frozen=True)
class Stored:
    """Counts of what was sent, and what became of it."""

    lines: int
    samples: int
    executions: dict[str, dict[str, Any]]
    spans: dict[str, int]
    """Trace id → number of spans."""

    def has_all_of(self, before: Self) -> bool:
        """Whether nothing is missing or doubled; only the last spans of a trace may have come in since."""
        same = dataclasses.replace(self, spans={}) == dataclasses.replace(before, spans={})
        return same and all(self.spans[trace_id] >= spans for trace_id, spans in before.spans.items())


def fill() -> Stored:
    """Send numbered lines, samples and executions, and wait until all of it is stored."""
    lines = Template(SENDER, size=1000)
    for first in range(0, LINES, lines.size):
        assert _accepted(lines.fill(first))
    samples = "\n".join(f'backup_sample{{number="{number}"}} {number}' for number in range(SAMPLES))
    requests.post(f"{endpoints().victoria_metrics}/api/v1/import/prometheus", samples, timeout=10).raise_for_status()
    backend = Backend(endpoints().backend)
    traces = {
        (run := backend.run(simulate)).execution_id: run.trace_id for simulate in ("succeed", "fail", "always-fail")
    }
    return eventually(
        lambda: look(traces),
        lambda stored: stored.lines == LINES and stored.samples == SAMPLES and all(stored.spans.values()),
        sent=f"{LINES} lines, {SAMPLES} samples, {traces}",
        components=("otel-collector", "loki", "jaeger", "victoria-metrics"),
        within=60,
    )


def look(traces: dict[str, str]) -> Stored:
    """What is stored of it now; `traces` maps executions to their traces."""
    at = endpoints()
    jaeger = Jaeger(at.jaeger)
    found = {trace_id: jaeger.trace(trace_id) for trace_id in traces.values()}
    samples = VictoriaMetrics(at.victoria_metrics).query("count(last_over_time(backup_sample[1h]))")
    return Stored(
        lines=lines_of(SENDER),
        samples=int(samples[0]["value"][1]) if samples else 0,
        executions={execution_id: Backend(at.backend).show(execution_id) for execution_id in traces},
        spans={trace_id: len(trace.spans) if trace else 0 for trace_id, trace in found.items()},
    )


def lines_of(service_name: str) -> int:
    """How many lines of a sender Loki has."""
    return Loki(endpoints().loki).count(f'{{service_name="{service_name}"}}')


@dataclass
class PatientSender:
    """Sends line after line meanwhile, each until it is accepted, and notes how long the Collector let it wait."""

    service_name: str
    sent: int = 0
    longest_wait: float = 0.0
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._send)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread is not None
        self._done.set()
        self._thread.join()

    def _send(self) -> None:
        line = Template(self.service_name, size=1)
        while not self._done.wait(0.05):
            began = time.monotonic()
            payload = line.fill(self.sent)
            while not _accepted(payload):
                time.sleep(0.05)
            self.longest_wait = max(self.longest_wait, time.monotonic() - began)
            self.sent += 1


def _accepted(payload: bytes) -> bool:
    try:
        return post(f"{endpoints().otlp_http}/v1/logs", payload, timeout=30).ok
    except requests.RequestException:
        return False

"""Senders that are faster than Loki or Jaeger get back-pressure, not loss, and others are still heard."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import requests

from stack.docker.endpoints import Endpoints
from stack.failure import StepError
from stack.stores.loki import Loki
from tests.faults.account import PIPELINE, drained, settled, wait_until_stored
from tests.faults.containers import Containers
from tests.faults.flood import SUSTAINABLE, Flood
from tests.faults.form import Form
from tests.faults.ledger import SECOND_NS, Lines, Sender, lines
from tests.faults.span_flood import SpanFlood
from tests.faults.table import Table
from tests.support.eventually import eventually
from tests.support.repeated import repeated

# Between a line's own time and the moment at which a query shows it.
FRESH_SECONDS = 5.0
# Lines a second of a service that has little to say.
QUIET = 30
# A queue of 512 MiB is gone after a minute; a busy machine takes longer.
DRAIN_SECONDS = 240


@pytest.fixture
def loki(at: Endpoints) -> Loki:
    return Loki(at.loki)


class Freshness:
    """How old the newest stored line of a steady sender gets."""

    def __init__(self, of_lines: Lines) -> None:
        self.worst = 0.0
        self._lines = of_lines
        self._newest_ns = time.time_ns()

    def look(self) -> None:
        """Ask now; where nobody answers, the line known last is older by then."""
        asked_ns, found = time.time_ns(), []
        with suppress(StepError):
            found = self._lines.loki.lines(self._lines.selector, limit=1, start_ns=self._newest_ns)
        self._newest_ns = max((line.timestamp_ns for line in found), default=self._newest_ns)
        self.worst = max(self.worst, (asked_ns - self._newest_ns) / SECOND_NS)


@contextmanager
def watched(of_lines: Lines) -> Iterator[Freshness]:
    """Ask twice a second."""
    freshness = Freshness(of_lines)
    with repeated(freshness.look, every=0.5):
        yield freshness


@contextmanager
def nobody_restarts(containers: Containers) -> Iterator[None]:
    """No service ends, for memory or anything else, while this lasts."""
    before = containers.states()
    yield
    after = containers.states()
    assert {name: after[name].restarts for name in after} == {name: before[name].restarts for name in before}


def test_twice_what_loki_takes(at: Endpoints, loki: Loki, containers: Containers, form: Form, table: Table) -> None:
    quiet = lines(at)
    with nobody_restarts(containers), Sender(quiet, at.otlp_http, rate=QUIET) as sender:
        wait_until_stored(quiet, QUIET)
        with watched(quiet) as freshness:
            with Flood(at.otlp_http, rate=2 * SUSTAINABLE) as flood:
                time.sleep(form.flood_seconds)
            ended = time.monotonic()
            drained(loki, flood, within=form.flood_seconds + DRAIN_SECONDS)
            recovered = time.monotonic() - ended
    account, of_quiet = flood.account(loki), settled(quiet, sender)
    table.add(f"a flood of {form.flood_seconds:g} s at twice Loki's rate", account, None, recovered, freshness.worst)

    assert account.lost == of_quiet.lost == []


def test_one_service_that_logs_100_times_more_starves_nobody(
    at: Endpoints, loki: Loki, containers: Containers, form: Form, table: Table
) -> None:
    quiet = lines(at)
    with nobody_restarts(containers), Sender(quiet, at.otlp_http, rate=QUIET) as sender:
        wait_until_stored(quiet, QUIET)
        with watched(quiet) as freshness:
            with Flood(at.otlp_http, rate=100 * QUIET) as flood:
                time.sleep(form.flood_seconds / 2)
            ended = time.monotonic()
            drained(loki, flood, within=DRAIN_SECONDS)
            recovered = time.monotonic() - ended
    account, of_quiet = flood.account(loki), settled(quiet, sender)
    table.add("a service that logs 100 times more than another", account, None, recovered, freshness.worst)

    assert account.lost == of_quiet.lost == []
    assert freshness.worst <= FRESH_SECONDS


def test_more_spans_than_jaeger_writes(at: Endpoints, containers: Containers, form: Form, table: Table) -> None:
    quiet = lines(at)
    with nobody_restarts(containers), Sender(quiet, at.otlp_http, rate=QUIET) as sender:
        wait_until_stored(quiet, QUIET)
        with watched(quiet) as freshness:
            with SpanFlood(at.otlp_http) as flood:
                time.sleep(form.flood_seconds)
                eventually(lambda: flood.pushed_back, sent="a flood of spans", components=PIPELINE, within=120)
            ended = time.monotonic()
            eventually(
                lambda: flood.written(at.jaeger_admin),
                lambda written: written >= flood.emitted,
                sent=f"{flood.emitted} spans",
                components=PIPELINE,
                within=DRAIN_SECONDS,
            )
            recovered = time.monotonic() - ended
    account, of_quiet = flood.account(at.jaeger), settled(quiet, sender)
    name = f"a flood of spans, until the Collector's queue is full ({form.flood_seconds:g} s at least)"
    table.add(name, of_quiet, account, recovered, freshness.worst)

    assert account.lost == of_quiet.lost == []
    assert freshness.worst <= FRESH_SECONDS


def test_loki_killed_with_a_large_write_ahead_log(
    at: Endpoints, loki: Loki, containers: Containers, form: Form, table: Table
) -> None:
    before = containers.states()
    with Flood(at.otlp_http, rate=2 * SUSTAINABLE) as flood:
        time.sleep(form.backlog_seconds)
        containers.kill("loki")
        killed = time.monotonic()
    drained(loki, flood, within=form.backlog_seconds + DRAIN_SECONDS)
    recovered = time.monotonic() - killed
    account = flood.account(loki)
    table.add("Loki killed (-9) with a large write-ahead log", account, None, recovered)

    assert account.lost == []
    restarted = {name: state.restarts - before[name].restarts for name, state in containers.states().items()}
    assert {name: times for name, times in restarted.items() if times} == {"loki": 1}


def test_the_collector_killed_with_a_full_queue(
    at: Endpoints, loki: Loki, containers: Containers, table: Table
) -> None:
    # Senders end only when there is room again, so Loki comes back first.
    with Flood(at.otlp_http, rate=2 * SUSTAINABLE) as flood, containers.paused("loki"):
        eventually(lambda: flood.pushed_back, sent="a flood", components=PIPELINE, within=120)
        containers.kill("otel-collector")
        eventually(
            lambda: requests.get(at.otel_collector_health, timeout=2).ok, sent="kill -9", components=PIPELINE, within=60
        )
    ended = time.monotonic()
    drained(loki, flood, within=DRAIN_SECONDS)
    account = flood.account(loki)
    table.add("Collector killed (-9) with a full queue", account, None, time.monotonic() - ended)

    assert account.lost == []

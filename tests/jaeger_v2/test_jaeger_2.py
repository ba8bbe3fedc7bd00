"""Jaeger 2 in Jaeger 1's place: the same questions get the same answers, and what was stored is still there."""

import pytest
import requests

from stack.build.versions import JAEGER_2, release
from stack.docker import compose
from stack.docker.endpoints import Endpoints
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.faults.account import settled, wait_until_everything_answers
from tests.faults.containers import Containers
from tests.faults.ledger import Sender, Spans
from tests.jaeger_v2.conftest import Upgraded
from tests.links.test_traces import (
    test_a_trace_leads_to_all_its_lines,
    test_jaegers_page_leads_to_all_lines_in_grafana,
    test_links_use_variables_that_every_span_has,
    test_spans_lead_to_metrics_of_their_operation,
    test_spans_lead_to_their_own_lines,
)
from tests.smoke.test_application import (
    test_its_trace_goes_from_the_backend_through_each_worker,
    test_what_never_succeeds_ends_with_the_dlq_processor,
)
from tests.smoke.test_attempts import test_the_third_attempt_is_no_deeper_than_the_first
from tests.support.backend import Execution
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger

# Asked of the default stack by its own suites; here of this one.
__all__ = [
    "test_a_trace_leads_to_all_its_lines",
    "test_its_trace_goes_from_the_backend_through_each_worker",
    "test_jaegers_page_leads_to_all_lines_in_grafana",
    "test_links_use_variables_that_every_span_has",
    "test_spans_lead_to_metrics_of_their_operation",
    "test_spans_lead_to_their_own_lines",
    "test_the_third_attempt_is_no_deeper_than_the_first",
    "test_what_never_succeeds_ends_with_the_dlq_processor",
]


def test_it_is_version_2(at: Endpoints) -> None:
    assert at
    assert f"git-version={release(JAEGER_2)}" in compose.compose("logs", "--no-log-prefix", "jaeger").stdout


def test_a_trace_that_version_1_stored_is_found(upgraded: Upgraded, jaeger: Jaeger) -> None:
    trace = jaeger.trace(upgraded.before.trace_id)
    assert trace is not None
    assert len(trace.named("integr8scode:pod-results process")) == upgraded.before.attempt


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("jaeger_collector_spans_saved_by_svc_total", 'result="ok"'),
        ("jaeger_collector_spans_saved_by_svc_total", 'result="err"'),
        ("process_resident_memory_bytes", ""),
        ("otelcol_process_uptime", ""),
    ],
)
def test_alerts_and_dashboards_find_their_metrics(
    name: str, labels: str, succeeded: Execution, victoria_metrics: VictoriaMetrics
) -> None:
    eventually(
        lambda: victoria_metrics.query(f'{name}{{job="jaeger",{labels}}}'),
        sent=succeeded,
        components=("jaeger", "victoria-metrics"),
        within=60,
    )


def test_its_own_metrics_are_not_taken_for_the_collectors(
    succeeded: Execution, victoria_metrics: VictoriaMetrics
) -> None:
    jaegers = 'jaeger_collector_spans_saved_by_svc_total{job="jaeger"}'
    eventually(lambda: victoria_metrics.query(jaegers), sent=succeeded, components=("jaeger",), within=60)
    assert victoria_metrics.query('{__name__=~"otelcol_(exporter|receiver)_.+",job="jaeger"}') == []


def test_it_keeps_no_spans_of_itself(succeeded: Execution, jaeger: Jaeger) -> None:
    assert jaeger.trace(succeeded.trace_id)
    services = requests.get(f"{jaeger.url}/api/services", timeout=10).json()["data"]
    assert "jaeger" not in services


def test_killed_it_loses_no_more_than_the_request_of_the_moment(at: Endpoints, containers: Containers) -> None:
    spans = Spans(at.jaeger)
    before = containers.states()["jaeger"].restarts
    with Sender(spans, at.otlp_http, rate=50) as sender:
        eventually(lambda: spans.stored().total() >= 100, sent="100 spans", components=("jaeger",))
        containers.kill("jaeger")
        sent_by_then = sender.emitted
        wait_until_everything_answers(at)
        eventually(lambda: sender.emitted >= sent_by_then + 100, sent="100 spans more", components=())
    account = settled(spans, sender)

    assert sender.refusals == []
    assert len(account.lost) <= sender.batch, account.lost
    assert containers.states()["jaeger"].restarts == before + 1

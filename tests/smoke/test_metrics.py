"""All metrics arrive in VictoriaMetrics, and senders can't make more series than they are allowed to."""

import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import pytest
import requests

from app.core.service_names import ServiceName
from bench.load.otlp import Record, send_http_protobuf
from stack.docker.endpoints import Endpoints
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.support import spans
from tests.support.backend import Backend
from tests.support.eventually import eventually

# Services that a dead-lettered execution passes.
PASSED = {
    f"integr8scode-{name}" for name in ("backend", "saga-orchestrator", "k8s-worker", "pod-monitor", "dlq-processor")
}
# aggregation_cardinality_limit of span_metrics in otel-collector-config.yaml.
OPERATIONS_OF_A_SERVICE = 100
NAMES = [f"GET /user/{number}" for number in range(3 * OPERATIONS_OF_A_SERVICE)]
MANY_NAMES = "smoke-many-span-names"
"""Always the same sender: one more with each run would fill VictoriaMetrics with what its test forbids."""
# A whole stack has about 3,000: the limit is far above, and far below what a label with an id would make within hours.
MOST_SERIES = 10_000
# Span metrics are sent every 15 s, log-derived ones every minute, the application's own every minute.
WITHIN_SECONDS = 100.0
COMPONENTS = ("otel-collector", "loki", "victoria-metrics", "backend")


@dataclass(frozen=True)
class Sent:
    """What was sent for all tests at once: metrics come a minute or two later."""

    began: float
    """When it was begun, in Unix seconds: older metrics are of an earlier run."""
    sender: str
    """A service of one failed span, two lines and an error, which no run before has had."""


@pytest.fixture(scope="module")
def sent(at: Endpoints, backend: Backend) -> Sent:
    """Spans and lines of two senders, and executions that together pass every service."""
    sent = Sent(time.time(), f"smoke-{secrets.token_hex(8)}")
    spans.send(at.otlp_http, sent.sender, spans.span("fails", failed=True))
    spans.send(at.otlp_http, MANY_NAMES, *map(spans.span, NAMES))
    for severity in ("INFO", "INFO", "ERROR"):
        send_http_protobuf(at.otlp_http, Record(sent.sender, "counted", severity=severity))
    backend.replay(backend.run("succeed"))
    backend.run("always-fail")
    return sent


def values(victoria_metrics: VictoriaMetrics, promql: str) -> dict[str, float]:
    """The value of each series, by its only label."""
    return {
        next(iter(series["metric"].values()), ""): float(series["value"][1])
        for series in victoria_metrics.query(promql)
    }


def wait_for(
    victoria_metrics: VictoriaMetrics, sent: Sent, promql: str, satisfied: Callable[[dict[str, float]], bool] = bool
) -> dict[str, float]:
    """The answer, once it is `satisfied` within what the metrics' own periods allow.

    `[since]` is the time since everything was sent: what is stored of earlier runs is outside.
    """

    def ask() -> dict[str, float]:
        seconds = max(int(time.time() - sent.began), 1)
        return values(victoria_metrics, promql.replace("[since]", f"[{seconds}s]"))

    return eventually(ask, satisfied, sent=sent, components=COMPONENTS, within=WITHIN_SECONDS)


def wait_for_rise(victoria_metrics: VictoriaMetrics, sent: Sent, metric: str, label: str, of: Collection[str]) -> None:
    """Wait until the counter has risen since then, for each of these values of the label."""
    risen = f"sum by ({label}) (increase({metric}[since])) > 0"
    wait_for(victoria_metrics, sent, risen, lambda found: found.keys() >= set(of))


def test_spans_give_the_rate_of_each_service_and_operation(victoria_metrics: VictoriaMetrics, sent: Sent) -> None:
    wait_for_rise(victoria_metrics, sent, "traces_span_metrics_calls_total", "service_name", PASSED)
    posts = victoria_metrics.query('traces_span_metrics_calls_total{span_name="POST /api/v1/executions"}')
    assert {series["metric"]["span_kind"] for series in posts} == {"SPAN_KIND_SERVER"}


def test_spans_give_the_duration_of_each_service(victoria_metrics: VictoriaMetrics, sent: Sent) -> None:
    wait_for_rise(victoria_metrics, sent, "traces_span_metrics_duration_seconds_count", "service_name", PASSED)
    # Without rate(): in a new stack a service may have been called once, and a counter that never rose has no rate.
    p95 = "histogram_quantile(0.95, sum by (service_name, le) (traces_span_metrics_duration_seconds_bucket))"
    answer = values(victoria_metrics, p95)
    assert {name for name, seconds in answer.items() if 0 < seconds <= 30} >= PASSED, answer


def test_spans_are_counted_by_outcome(victoria_metrics: VictoriaMetrics, sent: Sent) -> None:
    calls = f'sum by (status_code) (traces_span_metrics_calls_total{{service_name="{sent.sender}"}}) > 0'
    assert wait_for(victoria_metrics, sent, calls) == {"STATUS_CODE_ERROR": 1}


def test_a_sender_of_many_span_names_gets_a_bounded_number_of_series(
    victoria_metrics: VictoriaMetrics, sent: Sent
) -> None:
    selector = f'traces_span_metrics_calls_total{{service_name="{MANY_NAMES}"}}'
    risen = f"sum(increase({selector}[since]))"
    wait_for(victoria_metrics, sent, risen, lambda found: found.get("", 0) >= len(NAMES))
    [overflow] = victoria_metrics.query(f'count({selector[:-1]},otel_metric_overflow="true"}})')
    assert overflow["value"][1] == "1"
    [count] = victoria_metrics.query(f"count({selector})")
    assert float(count["value"][1]) <= OPERATIONS_OF_A_SERVICE + 1


def test_lines_are_counted_by_service_and_level(victoria_metrics: VictoriaMetrics, sent: Sent) -> None:
    counts = f'service_level:log_lines:count1m{{service_name="{sent.sender}"}}[10m]'
    by_level = f"sum by (detected_level) (sum_over_time({counts}))"
    wait_for(victoria_metrics, sent, by_level, lambda found: found == {"info": 2, "error": 1})


@pytest.mark.parametrize(
    ("selector", "services"), [("", PASSED), ('{detected_level="error"}', {"integr8scode-dlq-processor"})]
)
def test_the_applications_lines_are_counted(
    selector: str, services: set[str], victoria_metrics: VictoriaMetrics, sent: Sent
) -> None:
    counts = f"service_level:log_lines:count1m{selector}[since]"
    by_service = f"sum by (service_name) (sum_over_time({counts})) > 0"
    wait_for(victoria_metrics, sent, by_service, lambda found: found.keys() >= services)


def test_the_application_counts_executions_by_state(victoria_metrics: VictoriaMetrics, sent: Sent) -> None:
    ended = {"succeeded", "dead-lettered"}
    wait_for_rise(victoria_metrics, sent, "integr8scode_executions_total", "state", ended)


def test_all_seven_services_have_metrics(victoria_metrics: VictoriaMetrics, sent: Sent) -> None:
    # A metric stays for minutes when nobody sends it any more.
    sent_since = f'timestamp({{service_namespace="integr8scode"}}) > {sent.began:.3f}'
    by_service = f"count by (service_name) ({sent_since})"
    wait_for(victoria_metrics, sent, by_service, lambda found: found.keys() >= set(ServiceName))


def test_redis_tells_how_it_is(victoria_metrics: VictoriaMetrics, sent: Sent) -> None:
    def told(promql: str, metric: str) -> float:
        # The backend asks Redis by itself; a metric stays for minutes when nobody sends it any more.
        told_since = f"max(({promql}) and (timestamp({metric}) > {sent.began:.3f}))"
        return wait_for(victoria_metrics, sent, told_since)[""]

    assert told("redis_up", "redis_up") == 1
    assert 0 < told("redis_memory_used_bytes / redis_maxmemory_bytes", "redis_memory_used_bytes") < 1


def test_series_are_bounded(victoria_metrics: VictoriaMetrics) -> None:
    [count] = victoria_metrics.query('count({__name__=~".+"})')
    assert float(count["value"][1]) < MOST_SERIES
    [dropped] = victoria_metrics.query("sum(max_over_time(scrape_series_limit_samples_dropped[1h]))")
    assert dropped["value"][1] == "0", "a component has reached its series_limit in victoria-metrics/scrape.yaml"


def test_no_label_is_an_id(victoria_metrics: VictoriaMetrics) -> None:
    answer = requests.get(f"{victoria_metrics.url}/api/v1/labels", timeout=10)
    answer.raise_for_status()
    labels = set(answer.json()["data"])
    assert {"service_name", "span_name"} <= labels
    assert not {"trace_id", "span_id", "execution_id"} & labels

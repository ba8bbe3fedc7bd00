"""All metrics arrive in VictoriaMetrics, and senders can't make more series than they are allowed to."""

import time
from collections.abc import Callable, Collection
from typing import Any

import pytest
import requests

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
# A whole stack has about 3,000: the limit is far above, and far below what a label with an id would make within hours.
MOST_SERIES = 10_000
# Span metrics are sent every 15 s, log-derived ones every minute, the application's own every minute.
WITHIN_SECONDS = 100.0
COMPONENTS = ("otel-collector", "loki", "victoria-metrics", "backend")


def ask(victoria_metrics: VictoriaMetrics, promql: str, sent: object) -> list[dict[str, Any]]:
    """The answer, once there is one within what the metrics' own periods allow."""
    return eventually(lambda: victoria_metrics.query(promql), sent=sent, components=COMPONENTS, within=WITHIN_SECONDS)


@pytest.fixture(scope="module")
def began(backend: Backend) -> float:
    """When a successful and a dead-lettered execution began that are this module's own, in Unix seconds."""
    now = time.time()
    backend.run("succeed")
    backend.run("always-fail")
    return now


def values(victoria_metrics: VictoriaMetrics, promql: str) -> dict[str, float]:
    """The value of each series, by its only label."""
    return {
        next(iter(series["metric"].values()), ""): float(series["value"][1])
        for series in victoria_metrics.query(promql)
    }


def window(since: float) -> str:
    """The time since then as a range of PromQL: what is stored of earlier runs is outside."""
    return f"[{max(int(time.time() - since), 1)}s]"


def wait_for(
    ask_for: Callable[[], dict[str, float]], satisfied: Callable[[dict[str, float]], bool], sent: object
) -> dict[str, float]:
    return eventually(ask_for, satisfied, sent=sent, components=COMPONENTS, within=WITHIN_SECONDS)


def wait_for_rise(
    victoria_metrics: VictoriaMetrics, metric: str, label: str, of: Collection[str], since: float
) -> None:
    """Wait until the counter has risen since then, for each of these values of the label."""
    wait_for(
        lambda: values(victoria_metrics, f"sum by ({label}) (increase({metric}{window(since)})) > 0"),
        lambda risen: risen.keys() >= set(of),
        f"executions at {since}",
    )


def test_spans_give_the_rate_of_each_service_and_operation(victoria_metrics: VictoriaMetrics, began: float) -> None:
    wait_for_rise(victoria_metrics, "traces_span_metrics_calls_total", "service_name", PASSED, began)
    posts = victoria_metrics.query('traces_span_metrics_calls_total{span_name="POST /api/v1/executions"}')
    assert {series["metric"]["span_kind"] for series in posts} == {"SPAN_KIND_SERVER"}


def test_spans_give_the_duration_of_each_service(victoria_metrics: VictoriaMetrics, began: float) -> None:
    wait_for_rise(victoria_metrics, "traces_span_metrics_duration_seconds_count", "service_name", PASSED, began)
    # Without rate(): in a new stack a service may have been called once, and a counter that never rose has no rate.
    p95 = "histogram_quantile(0.95, sum by (service_name, le) (traces_span_metrics_duration_seconds_bucket))"
    answer = values(victoria_metrics, p95)
    assert {name for name, seconds in answer.items() if 0 < seconds <= 30} >= PASSED, answer


def test_spans_are_counted_by_outcome(at: Endpoints, victoria_metrics: VictoriaMetrics, marker: str) -> None:
    spans.send(at.otlp_http, marker, spans.span("fails", failed=True))
    [series] = ask(victoria_metrics, f'traces_span_metrics_calls_total{{service_name="{marker}"}} > 0', "a failed span")
    assert series["metric"]["status_code"] == "STATUS_CODE_ERROR"


def test_a_sender_of_many_span_names_gets_a_bounded_number_of_series(
    at: Endpoints, victoria_metrics: VictoriaMetrics
) -> None:
    """Always the same sender: one more with each run would fill VictoriaMetrics with what this test forbids."""
    names = [f"GET /user/{number}" for number in range(3 * OPERATIONS_OF_A_SERVICE)]
    selector = 'traces_span_metrics_calls_total{service_name="smoke-many-span-names"}'
    since = time.time()
    spans.send(at.otlp_http, "smoke-many-span-names", *map(spans.span, names))
    wait_for(
        lambda: values(victoria_metrics, f"sum(increase({selector}{window(since)}))"),
        lambda risen: risen.get("", 0) >= len(names),
        f"{len(names)} spans with names of their own",
    )
    [overflow] = victoria_metrics.query(f'count({selector[:-1]},otel_metric_overflow="true"}})')
    assert overflow["value"][1] == "1"
    [count] = victoria_metrics.query(f"count({selector})")
    assert float(count["value"][1]) <= OPERATIONS_OF_A_SERVICE + 1


def test_lines_are_counted_by_service_and_level(at: Endpoints, victoria_metrics: VictoriaMetrics, marker: str) -> None:
    for severity in ("INFO", "INFO", "ERROR"):
        send_http_protobuf(at.otlp_http, Record(marker, "counted", severity=severity))
    lines = f'sum by (detected_level) (sum_over_time(service_level:log_lines:count1m{{service_name="{marker}"}}[10m]))'
    wait_for(
        lambda: values(victoria_metrics, lines),
        lambda counts: counts == {"info": 2, "error": 1},
        "two lines and an error",
    )


@pytest.mark.parametrize(
    ("selector", "services"), [("", PASSED), ('{detected_level="error"}', {"integr8scode-dlq-processor"})]
)
def test_the_applications_lines_are_counted(
    selector: str, services: set[str], victoria_metrics: VictoriaMetrics, began: float
) -> None:
    counts = f"service_level:log_lines:count1m{selector}"
    wait_for(
        lambda: values(victoria_metrics, f"sum by (service_name) (sum_over_time({counts}{window(began)})) > 0"),
        lambda counted: counted.keys() >= services,
        f"executions at {began}",
    )


def test_the_application_counts_executions_by_state(victoria_metrics: VictoriaMetrics, began: float) -> None:
    ended = {"succeeded", "dead-lettered"}
    wait_for_rise(victoria_metrics, "integr8scode_executions_total", "state", ended, began)


def test_redis_tells_how_it_is(victoria_metrics: VictoriaMetrics) -> None:
    asked = f"{time.time():.3f}"

    def told_since(promql: str, metric: str) -> float:
        # A metric stays for minutes when nobody sends it any more.
        query = f"max(({promql}) and (timestamp({metric}) > {asked}))"
        [answer] = ask(victoria_metrics, query, "nothing: the backend asks Redis by itself")
        return float(answer["value"][1])

    assert told_since("redis_up", "redis_up") == 1
    assert 0 < told_since("redis_memory_used_bytes / redis_maxmemory_bytes", "redis_memory_used_bytes") < 1


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

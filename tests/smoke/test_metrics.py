"""All metrics arrive in VictoriaMetrics, and senders can't make more series than they are allowed to."""

import time
from collections.abc import Callable, Collection
from typing import Any

import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from bench.otlp import PROTOBUF_HEADERS
from stack.docker.endpoints import Endpoints
from tests.support.backend import Execution
from tests.support.eventually import eventually
from tests.support.victoria_metrics import VictoriaMetrics

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


def ask(
    victoria_metrics: VictoriaMetrics, promql: str, satisfied: Callable[[list[dict[str, Any]]], bool], sent: object
) -> list[dict[str, Any]]:
    """The answer, once it is what the metrics' own periods allow."""
    return eventually(
        lambda: victoria_metrics.query(promql),
        satisfied,
        sent=sent,
        components=("otel-collector", "loki", "victoria-metrics", "backend"),
        within=WITHIN_SECONDS,
    )


def has_services(services: Collection[str]) -> Callable[[list[dict[str, Any]]], bool]:
    return lambda answer: {series["metric"].get("service_name") for series in answer} >= set(services)


def test_spans_give_the_rate_of_each_service_and_operation(
    victoria_metrics: VictoriaMetrics, dead_lettered: Execution
) -> None:
    answer = ask(victoria_metrics, "traces_span_metrics_calls_total", has_services(PASSED), dead_lettered)
    posts = [series for series in answer if series["metric"].get("span_name") == "POST /api/v1/executions"]
    assert {series["metric"]["span_kind"] for series in posts} == {"SPAN_KIND_SERVER"}


def test_spans_give_the_duration_of_each_service(victoria_metrics: VictoriaMetrics, dead_lettered: Execution) -> None:
    # Without rate(): in a new stack a service may have been called once, and a counter that never rose has no rate.
    p95 = "histogram_quantile(0.95, sum by (service_name, le) (traces_span_metrics_duration_seconds_bucket))"
    answer = ask(victoria_metrics, p95, has_services(PASSED), dead_lettered)
    assert all(0 < float(series["value"][1]) <= 30 for series in answer if series["metric"]["service_name"] in PASSED)


def test_spans_are_counted_by_outcome(at: Endpoints, victoria_metrics: VictoriaMetrics) -> None:
    send_spans(at, "smoke-failing-spans", ["fails"], failed=True)
    selector = 'traces_span_metrics_calls_total{service_name="smoke-failing-spans"}'
    [series] = ask(victoria_metrics, selector, bool, "a span in error")
    assert series["metric"]["status_code"] == "STATUS_CODE_ERROR"


def test_a_sender_of_many_span_names_gets_a_bounded_number_of_series(
    at: Endpoints, victoria_metrics: VictoriaMetrics
) -> None:
    names = [f"GET /user/{number}" for number in range(3 * OPERATIONS_OF_A_SERVICE)]
    send_spans(at, "smoke-many-span-names", names)
    selector = 'traces_span_metrics_calls_total{service_name="smoke-many-span-names"}'
    overflow = f'count({selector[:-1]},otel_metric_overflow="true"}})'
    ask(victoria_metrics, overflow, bool, f"{len(names)} spans with names of their own")
    [count] = victoria_metrics.query(f"count({selector})")
    assert float(count["value"][1]) <= OPERATIONS_OF_A_SERVICE + 1


def test_lines_are_counted_by_service_and_level(victoria_metrics: VictoriaMetrics, dead_lettered: Execution) -> None:
    lines = "sum by (service_name) (sum_over_time(service_level:log_lines:count1m[10m]))"
    ask(victoria_metrics, lines, has_services(PASSED), dead_lettered)
    errors = 'sum_over_time(service_level:log_lines:count1m{detected_level="error"}[10m])'
    ask(victoria_metrics, errors, has_services({"integr8scode-dlq-processor"}), dead_lettered)


def test_the_application_counts_executions_by_state(
    victoria_metrics: VictoriaMetrics, succeeded: Execution, dead_lettered: Execution
) -> None:
    ask(
        victoria_metrics,
        "integr8scode_executions_total",
        lambda answer: {series["metric"]["state"] for series in answer} >= {"succeeded", "dead-lettered"},
        (succeeded, dead_lettered),
    )


def test_redis_tells_how_it_is(victoria_metrics: VictoriaMetrics) -> None:
    [up] = ask(victoria_metrics, "max(redis_up)", bool, "nothing: the backend asks Redis by itself")
    assert up["value"][1] == "1"
    [part] = ask(victoria_metrics, "max(redis_memory_used_bytes / redis_maxmemory_bytes)", bool, "as above")
    assert 0 < float(part["value"][1]) < 1


def test_series_are_bounded(victoria_metrics: VictoriaMetrics) -> None:
    [count] = victoria_metrics.query('count({__name__=~".+"})')
    assert float(count["value"][1]) < MOST_SERIES
    dropped = victoria_metrics.query("sum(max_over_time(scrape_series_limit_samples_dropped[1h])) > 0")
    assert not dropped, "a component has reached its series_limit in victoria-metrics/scrape.yaml"


def test_no_label_is_an_id(victoria_metrics: VictoriaMetrics) -> None:
    answer = requests.get(f"{victoria_metrics.url}/api/v1/labels", timeout=10)
    answer.raise_for_status()
    assert not {"trace_id", "span_id", "execution_id"} & set(answer.json()["data"])


def send_spans(at: Endpoints, service_name: str, names: list[str], *, failed: bool = False) -> None:
    """Send one span for each name; raises when they are not accepted."""
    now = time.time_ns()
    status = Status(code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET)
    spans = [
        Span(
            trace_id=(now + number).to_bytes(16, "big"),
            span_id=(now + number).to_bytes(8, "big"),
            name=name,
            kind=Span.SPAN_KIND_SERVER,
            start_time_unix_nano=now,
            end_time_unix_nano=now + 10**6,
            status=status,
        )
        for number, name in enumerate(names)
    ]
    resource = Resource(attributes=[KeyValue(key="service.name", value=AnyValue(string_value=service_name))])
    spans_of_service = ResourceSpans(resource=resource, scope_spans=[ScopeSpans(spans=spans)])
    body = ExportTraceServiceRequest(resource_spans=[spans_of_service]).SerializeToString()
    requests.post(f"{at.otlp_http}/v1/traces", body, headers=PROTOBUF_HEADERS, timeout=10).raise_for_status()

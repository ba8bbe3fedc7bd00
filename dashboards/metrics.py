"""Expressions that more than one dashboard needs, in VictoriaMetrics's PromQL.

What is absent as long as all is well (a counter of losses appears with the first loss) is written so that it is 0.
"""

from app.core.service_names import NAMESPACE
from app.events.execution import State

CALLS = "traces_span_metrics_calls_total"
DURATION_BUCKETS = "traces_span_metrics_duration_seconds_bucket"
# What a service was asked to do, by a request or by an event; neither its own steps nor what it asks of others.
WORK = 'span_kind=~"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER"'
FAILED = 'status_code="STATUS_CODE_ERROR"'
SEVERE = "error|critical|fatal"

# Every execution counts once in one of its final states, unless a person has it tried again after that.
ENDED = f'integr8scode_executions_total{{state=~"{"|".join(state for state in State if state.is_final)}"}}'
GIVEN_UP = f'integr8scode_executions_total{{state="{State.DEAD_LETTERED}"}}'

# Written once a minute by Loki's ruler (loki/rules/): lines of a service by detected_level.
LINES = "service_level:log_lines:count1m"
SEVERE_LINES = f'{LINES}{{detected_level=~"{SEVERE}"}}'

# Redis is not scraped: the backend reports for it.
COMPONENTS_DOWN = "count(up == 0 or redis_up == 0)"
# A process reports once a minute.
PROCESSES = f'last_over_time(otel_sdk_processor_log_queue_capacity{{service_namespace="{NAMESPACE}"}}[3m])'
QUEUE_OF_THE_COLLECTOR = "otelcol_exporter_queue_size / otelcol_exporter_queue_capacity"


def or_zero(expr: str) -> str:
    """The value of `expr`, 0 when there is none."""
    return f"({expr}) or vector(0)"


def total(counter: str, over: str = "$__range") -> str:
    """How far all series of a counter have risen, 0 when there is none yet."""
    return f"(sum(increase({counter}[{over}])) or vector(0))"


def given_up_ratio(over: str) -> str:
    """The share of executions that ended in the dead letters, 0 to 1; 0 where none has ended."""
    return f"{total(GIVEN_UP, over)} / clamp_min({total(ENDED, over)}, 1)"


def error_ratio(selector: str, over: str, by: str = "") -> str:
    """The share of work that failed, 0 to 1; 0 where there was work and none of it failed."""
    grouped = f"sum by ({by})" if by else "sum"
    failed = f"{grouped} (increase({CALLS}{{{selector}, {FAILED}}}[{over}]))"
    worked = f"{grouped} (increase({CALLS}{{{selector}}}[{over}]))"
    return f"({failed} or {worked} * 0) / ({worked} > 0)"


def failures(selector: str, over: str, by: str) -> str:
    """Work that failed, a second; 0 where there was work and none of it failed."""
    failed = f"sum by ({by}) (rate({CALLS}{{{selector}, {FAILED}}}[{over}]))"
    return f"{failed} or sum by ({by}) (rate({CALLS}{{{selector}}}[{over}])) * 0"


def severe_lines(over: str, by: str) -> str:
    """Lines of level error, critical or fatal; 0 where there were lines and none of them severe."""
    severe = f"sum by ({by}) (sum_over_time({SEVERE_LINES}[{over}]))"
    return f"{severe} or sum by ({by}) (sum_over_time({LINES}[{over}])) * 0"


def quantile(of: float, selector: str, over: str, by: str = "") -> str:
    """A quantile of the duration of work, in seconds.

    Of increases, not of rates: those see the first sample of a series, too, and so what happened only once.
    """
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({of}, sum by ({labels}) (increase({DURATION_BUCKETS}{{{selector}}}[{over}])))"


LOST_ON_THE_WAY = {
    "the Collector gave up sending": (
        "otelcol_exporter_send_failed_log_records",
        "otelcol_exporter_send_failed_spans",
        "otelcol_exporter_send_failed_metric_points",
    ),
    "the Collector's queue was full": (
        "otelcol_exporter_enqueue_failed_log_records",
        "otelcol_exporter_enqueue_failed_spans",
        "otelcol_exporter_enqueue_failed_metric_points",
    ),
    # What Loki refuses for its rate comes again from the Collector's queue.
    "Loki discarded": ('loki_discarded_samples_total{reason!~".*rate_limit.*"}',),
    # Its `jaeger_collector_spans_dropped_total` counts for protocols that nobody speaks here. Of OTLP it drops nothing
    # on the way in: a full queue is an error for the Collector, which tries again.
    "Jaeger could not write": ('jaeger_collector_spans_saved_by_svc_total{result="err"}',),
    "a process dropped": (
        'otel_sdk_processor_log_processed_total{error_type!=""}',
        'otel_sdk_exporter_log_exported_total{error_type!=""}',
        'otel_sdk_processor_span_processed_total{error_type!=""}',
        'otel_sdk_exporter_span_exported_total{error_type!=""}',
    ),
}
"""Each way to lose a log record, a span or a metric point for good, and the counters that tell of it."""


def lost(way: str, over: str = "$__range") -> str:
    """How much was lost in one of these ways."""
    return " + ".join(total(counter, over) for counter in LOST_ON_THE_WAY[way])


def lost_in_any_way(over: str = "$__range") -> str:
    """How much was lost in all of them."""
    return " + ".join(lost(way, over) for way in LOST_ON_THE_WAY)

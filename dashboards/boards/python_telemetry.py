"""The first stretch of the way: from a log call or a span in a Python process to the Collector."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import variables
from dashboards.files import dashboard
from dashboards.links import to_dashboard
from dashboards.metrics import or_zero, total
from dashboards.panels.appearance import short_names
from dashboards.panels.charts import chart, counts
from dashboards.panels.numbers import number
from dashboards.sources import promql, promql_now

_OF = 'service_name=~"$service"'
_LOST_LOGS = (
    f'otel_sdk_processor_log_processed_total{{{_OF}, error_type!=""}}',
    f'otel_sdk_exporter_log_exported_total{{{_OF}, error_type!=""}}',
)
_LOST_SPANS = (
    f'otel_sdk_processor_span_processed_total{{{_OF}, error_type!=""}}',
    f'otel_sdk_exporter_span_exported_total{{{_OF}, error_type!=""}}',
)
_GOOD_OR_BAD = ((0, "green"), (1, "red"))
_FULLNESS = ((0, "green"), (0.5, "orange"), (0.8, "red"))


def python_telemetry() -> Dashboard:
    """Build the dashboard."""
    board = dashboard(
        "python-telemetry",
        "Python telemetry",
        "Log records and spans inside the processes: made, queued, exported, lost. Stdout has every line regardless.",
    ).with_variable(variables.instrumented_services())
    for panel in (*_numbers(), *_records(), *_queues()):
        board.with_panel(panel)
    return board


def _numbers() -> list[Builder[Panel]]:
    return [
        number(
            "Processes",
            promql_now(or_zero(f"count(last_over_time(otel_sdk_processor_log_queue_capacity{{{_OF}}}[3m]))")),
            "Processes that have reported in the last three minutes.",
            steps=((0, "red"), (1, "green")),
        ),
        number(
            "Log records lost",
            promql_now(" + ".join(total(counter) for counter in _LOST_LOGS)),
            "Records of this time range that never left their process. Stdout has them.",
            decimals=0,
            steps=_GOOD_OR_BAD,
            words={"0": "none"},
        ),
        number(
            "Spans lost",
            promql_now(" + ".join(total(counter) for counter in _LOST_SPANS)),
            "Spans of this time range that never left their process.",
            decimals=0,
            steps=_GOOD_OR_BAD,
            words={"0": "none"},
        ),
        number(
            "Fullest log queue",
            promql_now(or_zero(f"max({_fill('log')})")),
            "How full the fullest process's queue of log records is.",
            unit="percentunit",
            decimals=0,
            steps=_FULLNESS,
        ),
        number(
            "Fullest span queue",
            promql_now(or_zero(f"max({_fill('span')})")),
            "How full the fullest process's queue of spans is.",
            unit="percentunit",
            decimals=0,
            steps=_FULLNESS,
        ),
        number(
            "An export takes",
            promql_now(or_zero(_export_time("$__range"))),
            "How long the Collector takes to answer an export of spans or metrics, on average.",
            unit="s",
        ),
    ]


def _fill(what: str) -> str:
    name = f"otel_sdk_processor_{what}_queue"
    return f"{name}_size{{{_OF}}} / {name}_capacity{{{_OF}}}"


def _export_time(over: str, by: str = "") -> str:
    # The mean: the SDK's buckets for this begin at 5 s, far above what an export takes.
    grouped = f"sum by ({by})" if by else "sum"
    spent, exports = (
        f"{grouped} (increase(otel_sdk_exporter_operation_duration_seconds_{part}{{{_OF}}}[{over}]))"
        for part in ("sum", "count")
    )
    return f"{spent} / ({exports} > 0)"


def _records() -> list[Builder[Panel]]:
    service = to_dashboard("This service", "service", service="${__field.labels.service_name}")

    def by_service(metric: str) -> str:
        return f"sum by (service_name) (increase({metric}{{{_OF}}}[$__interval]))"

    by_reason = " or ".join(f"sum by (error_type) (increase({counter}[$__interval]))" for counter in _LOST_LOGS)
    spans = " + ".join(total(counter, "$__interval") for counter in _LOST_SPANS)
    return [
        short_names(
            counts(
                "Log records handled",
                [promql(by_service("otel_sdk_processor_log_processed_total"), "{{service_name}}")],
                "What each process has handed over for export, and what it had to drop.",
                links=[service],
            ).interval("1m")
        ),
        short_names(
            counts(
                "Spans made",
                [promql(by_service("otel_sdk_span_started_total"), "{{service_name}}")],
                "Spans that each process has begun.",
                links=[service],
            ).interval("1m")
        ),
        counts(
            "Lost, by reason",
            [
                promql(by_reason, "log records: {{error_type}}"),
                promql(spans, "spans"),
            ],
            "Records and spans that never left their process.",
        ).interval("1m"),
    ]


def _queues() -> list[Builder[Panel]]:
    service = to_dashboard("This service", "service", service="${__field.labels.service_name}")
    return [
        short_names(
            chart(
                "Queue of log records",
                [promql(f"max by (service_name) ({_fill('log')})", "{{service_name}}")],
                "A full queue loses what comes next from the Collector's view; stdout has it.",
                unit="percentunit",
                limit=0.8,
                links=[service],
            ).interval("1m")
        ),
        short_names(
            chart(
                "Queue of spans",
                [promql(f"max by (service_name) ({_fill('span')})", "{{service_name}}")],
                "A full queue loses what comes next.",
                unit="percentunit",
                limit=0.8,
                links=[service],
            ).interval("1m")
        ),
        short_names(
            chart(
                "An export takes, by service",
                [promql(_export_time("$__rate_interval", "service_name"), "{{service_name}}")],
                "How long the Collector takes to answer, on average.",
                unit="s",
                links=[service],
            ).interval("1m")
        ),
    ]

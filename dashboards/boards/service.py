"""One service: what it was asked to do, how often that failed, how long it took; its lines and its traces."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import variables
from dashboards.files import dashboard
from dashboards.links import to_dashboard, to_failed_traces, to_lines, to_traces
from dashboards.metrics import CALLS, LINES, SEVERE, SEVERE_LINES, WORK, error_ratio, failures, or_zero, quantile
from dashboards.panels.appearance import LEVEL_COLOURS, LEVELS, coloured
from dashboards.panels.charts import chart, counts
from dashboards.panels.lists import log_lines
from dashboards.panels.numbers import number
from dashboards.panels.tables import found_traces, rows
from dashboards.readable import READABLE
from dashboards.sources import lines, logql, promql, promql_now, promql_table, traces_of

_OF_IT = 'service_name="$service"'
_WORK = f"{_OF_IT}, {WORK}"
_OPERATION = "${__field.labels.span_name}"
_SEVERE_OF_IT = SEVERE_LINES.replace("{", f"{{{_OF_IT}, ")


def service() -> Dashboard:
    """Build the dashboard."""
    board = (
        dashboard("service", "Service", "One service: rate, errors and duration of its work, its lines, its traces.")
        .with_variable(variables.one_service())
        .with_variable(variables.text("search", "Text", "Only lines that contain exactly this text."))
    )
    for panel in (*_numbers(), *_work(), _operations(), _traces(), _levels(), _lines()):
        board.with_panel(panel)
    return board


def _numbers() -> list[Builder[Panel]]:
    return [
        number(
            "Work",
            promql_now(or_zero(f"sum(rate({CALLS}{{{_WORK}}}[$__range]))")),
            "Requests and events handled, a second.",
            unit="ops",
            decimals=2,
            links=[to_traces("Traces", "${service}")],
        ),
        number(
            "Share of errors",
            promql_now(or_zero(error_ratio(_WORK, "$__range"))),
            "The share of them that ended in an exception.",
            unit="percentunit",
            decimals=1,
            steps=((0, "green"), (0.01, "orange"), (0.05, "red")),
            links=[to_failed_traces("Traces with errors", "${service}")],
        ),
        number(
            "95 % within",
            promql_now(quantile(0.95, _WORK, "$__range")),
            "The time within which 95 of 100 were handled.",
            unit="s",
            links=[to_traces("Traces", "${service}")],
        ),
        number(
            "Lines written",
            promql_now(or_zero(f"sum(sum_over_time({LINES}{{{_OF_IT}}}[$__range]))")),
            "Log lines in this time range.",
            links=[to_lines("These lines", '{service_name="${service}"}')],
        ),
        number(
            "Error lines",
            promql_now(or_zero(f"sum(sum_over_time({_SEVERE_OF_IT}[$__range]))")),
            "Lines of level error, critical or fatal.",
            steps=((0, "green"), (1, "orange"), (100, "red")),
            links=[to_lines("These lines", f'{{service_name="${{service}}"}} | detected_level=~"{SEVERE}"')],
        ),
        number(
            "Queue to the Collector",
            promql_now(
                or_zero(
                    f"max(otel_sdk_processor_log_queue_size{{{_OF_IT}}}"
                    f" / otel_sdk_processor_log_queue_capacity{{{_OF_IT}}})"
                )
            ),
            "How full the process's own queue of log records is.",
            unit="percentunit",
            decimals=0,
            steps=((0, "green"), (0.5, "orange"), (0.8, "red")),
            links=[to_dashboard("Python telemetry", "python-telemetry", service="${service}")],
        ),
    ]


def _work() -> list[Builder[Panel]]:
    traces = to_traces("Its traces", "${service}", _OPERATION)
    return [
        chart(
            "Rate",
            [promql(f"sum by (span_name) (rate({CALLS}{{{_WORK}}}[$__rate_interval]))", "{{span_name}}")],
            "Requests and events handled a second, by operation.",
            unit="ops",
            links=[traces],
        ),
        chart(
            "Errors",
            [promql(failures(_WORK, "$__rate_interval", "span_name"), "{{span_name}}")],
            "Those that ended in an exception, a second, by operation.",
            unit="ops",
            links=[to_failed_traces("Traces with errors", "${service}")],
        ),
        chart(
            "Duration",
            [promql(quantile(share / 100, _WORK, "$__rate_interval"), f"{share} % within") for share in (50, 95, 99)],
            "The time within which so many were handled.",
            unit="s",
            links=[to_traces("Traces", "${service}")],
        ),
    ]


def _operations() -> Builder[Panel]:
    by = "span_name"
    return rows(
        "Operations",
        [
            promql_table(f"sum by ({by}) (rate({CALLS}{{{_WORK}}}[$__range]))"),
            promql_table(error_ratio(_WORK, "$__range", by)),
            promql_table(quantile(0.95, _WORK, "$__range", by)),
        ],
        "Each operation over the whole time range. Click a name for its traces.",
        columns={by: "Operation", "Value #A": "Work", "Value #B": "Errors", "Value #C": "95 % within"},
        units={"Work": ("ops", 2), "Errors": ("percentunit", 1), "95 % within": ("s", 2)},
        links={"Operation": [to_traces("Its traces", "${service}", "${__data.fields.Operation}")]},
        width=24,
        height=7,
    )


def _traces() -> Builder[Panel]:
    return found_traces(
        "Newest traces", traces_of("$service", at_most=20), "Traces that this service took part in.", width=24, height=7
    )


def _levels() -> Builder[Panel]:
    query = f"sum by (detected_level) (count_over_time({{{_OF_IT}}} |= `$search` [$__interval]))"
    levels = counts(
        "Lines by level",
        [logql(query, "{{detected_level}}")],
        f"How many lines of each level ({', '.join(LEVELS)}) contain the text.",
        links=[
            to_lines("These lines", '{service_name="${service}"} | detected_level="${__field.labels.detected_level}"')
        ],
        width=24,
        height=6,
    )
    return coloured(levels, LEVEL_COLOURS)


def _lines() -> Builder[Panel]:
    return log_lines(
        "Lines",
        lines(f"{{{_OF_IT}}} |= `$search` {READABLE}", at_most=200),
        "The newest lines that contain the text. Open one for its fields and the links to its trace and its execution.",
    )

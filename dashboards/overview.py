"""Is everything all right? Answered in five seconds, with a link from each answer to the reason."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from app.core.service_names import NAMESPACE, ServiceName
from dashboards.files import dashboard
from dashboards.links import to_dashboard, to_lines, to_traces
from dashboards.metrics import (
    CALLS,
    COMPONENTS_DOWN,
    LINES,
    PROCESSES,
    QUEUE_OF_THE_COLLECTOR,
    SEVERE,
    SEVERE_LINES,
    WORK,
    error_ratio,
    lost_in_any_way,
    or_zero,
    quantile,
    severe_lines,
)
from dashboards.panels import chart, counts, log_lines, number, rows, without_namespace
from dashboards.sources import lines, promql, promql_now, promql_table

_SERVICE = "${__field.labels.service_name}"


def overview() -> Dashboard:
    """Build the dashboard."""
    board = dashboard("overview", "Overview", "Is everything all right? Every number links to its reason.")
    for panel in (*_answers(), *_over_time(), _services(), _executions(), _newest_errors()):
        board.with_panel(panel)
    return board


def _answers() -> list[Builder[Panel]]:
    return [
        number(
            "Components down",
            promql_now(or_zero(COMPONENTS_DOWN)),
            "Loki, the Collector, Jaeger, VictoriaMetrics and Redis: how many of them do not answer.",
            steps=((None, "green"), (1, "red")),
            words={"0": "none"},
            links=[to_dashboard("Pipeline health", "pipeline")],
        ),
        number(
            "Services reporting",
            promql_now(or_zero(f"count(count by (service_name) ({PROCESSES}))")),
            f"How many of the {len(ServiceName)} processes have sent metrics in the last three minutes.",
            steps=((None, "red"), (len(ServiceName), "green")),
            links=[to_dashboard("Python telemetry", "python-telemetry")],
        ),
        number(
            "Work that failed",
            promql_now(or_zero(error_ratio(WORK, "$__range"))),
            "Of all requests and events in this time range, the share that ended in an error.",
            unit="percentunit",
            decimals=1,
            steps=((None, "green"), (0.01, "orange"), (0.05, "red")),
            # Which service it was, the table below says; Jaeger can't search all of them at once.
            links=[to_dashboard("One service, with its failed traces", "service")],
        ),
        number(
            "Error lines",
            promql_now(or_zero(f"sum(sum_over_time({SEVERE_LINES}[$__range]))")),
            "Lines of level error, critical or fatal in this time range.",
            steps=((None, "green"), (1, "orange"), (100, "red")),
            links=[
                to_lines("These lines", f'{{service_namespace="{NAMESPACE}"}} | detected_level=~"{SEVERE}"'),
                to_dashboard("Logs", "logs", level="error"),
            ],
        ),
        number(
            "Lost on the way",
            promql_now(lost_in_any_way()),
            "Log records, spans and metric points of this time range that never reached their store.",
            decimals=0,
            steps=((None, "green"), (1, "red")),
            words={"0": "nothing"},
            links=[to_dashboard("Pipeline health", "pipeline")],
        ),
        number(
            "Fullest queue",
            promql_now(or_zero(f"max({QUEUE_OF_THE_COLLECTOR})")),
            "How full the fullest of the Collector's queues is. A full one refuses what comes next.",
            unit="percentunit",
            decimals=0,
            steps=((None, "green"), (0.5, "orange"), (0.8, "red")),
            links=[to_dashboard("Pipeline health", "pipeline")],
        ),
    ]


def _over_time() -> list[Builder[Panel]]:
    service = to_dashboard("This service", "service", service=_SERVICE)
    errors = to_lines("These lines", f'{{service_name="{_SERVICE}"}} | detected_level=~"{SEVERE}"')
    return [
        without_namespace(
            counts(
                "Lines by service",
                [promql(f"sum by (service_name) (sum_over_time({LINES}[$__interval]))", "{{service_name}}")],
                "How many lines each service wrote, as Loki's ruler counts them once a minute.",
                links=[service, to_lines("Its lines", f'{{service_name="{_SERVICE}"}}')],
            ).interval("1m")
        ),
        without_namespace(
            counts(
                "Error lines by service",
                [promql(severe_lines("$__interval", "service_name"), "{{service_name}}")],
                "Lines of level error, critical or fatal.",
                links=[service, errors],
            ).interval("1m")
        ),
        without_namespace(
            chart(
                "Work by service",
                [promql(f"sum by (service_name) (rate({CALLS}{{{WORK}}}[$__rate_interval]))", "{{service_name}}")],
                "Requests and events that each service handled, a second.",
                unit="ops",
                links=[service, to_traces("Its traces", _SERVICE)],
            )
        ),
    ]


def _services() -> Builder[Panel]:
    by = "service_name"
    shown = "${__data.fields.Service}"
    return rows(
        "Services",
        [
            promql_table(f"sum by ({by}) (rate({CALLS}{{{WORK}}}[$__range]))"),
            promql_table(error_ratio(WORK, "$__range", by)),
            promql_table(quantile(0.95, WORK, "$__range", by)),
            promql_table(f"sum by ({by}) (sum_over_time({LINES}[$__range]))"),
            promql_table(severe_lines("$__range", by)),
        ],
        "Each service over the whole time range. Click a name.",
        columns={
            by: "Service",
            "Value #A": "Work",
            "Value #B": "Failed",
            "Value #C": "95 % within",
            "Value #D": "Lines",
            "Value #E": "Error lines",
        },
        units={
            "Work": ("ops", 2),
            "Failed": ("percentunit", 1),
            "95 % within": ("s", 2),
            "Lines": ("locale", 0),
            "Error lines": ("locale", 0),
        },
        links={
            "Service": [
                to_dashboard("This service", "service", service=shown),
                to_lines("Its lines", f'{{service_name="{shown}"}}'),
                to_traces("Its traces", shown),
            ]
        },
        width=16,
        height=9,
    )


def _executions() -> Builder[Panel]:
    return counts(
        "Executions by state",
        [promql("sum by (state) (increase(integr8scode_executions_total[$__interval]))", "{{state}}")],
        "How many executions reached each state.",
        links=[to_dashboard("Executions", "executions")],
        height=9,
    ).interval("1m")


def _newest_errors() -> Builder[Panel]:
    return log_lines(
        "Newest errors",
        lines(f'{{service_namespace="{NAMESPACE}"}} | detected_level=~"{SEVERE}"', at_most=20),
        "Open a line for its fields and the link to its trace.",
        height=10,
    )

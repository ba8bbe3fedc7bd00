"""Is everything all right? Answered in five seconds, with a link from each answer to the reason."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from app.core.service_names import NAMESPACE, ServiceName
from dashboards.boards.executions import ended
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
    given_up_ratio,
    lost_in_any_way,
    or_zero,
    quantile,
    severe_lines,
)
from dashboards.panels.appearance import short_names
from dashboards.panels.charts import counts
from dashboards.panels.lists import firing_alerts, log_lines
from dashboards.panels.numbers import number
from dashboards.panels.tables import rows
from dashboards.readable import READABLE
from dashboards.sources import lines, promql, promql_now, promql_table

_SERVICE = "${__field.labels.service_name}"
_ERRORS = f'{{service_namespace="{NAMESPACE}"}} | detected_level=~"{SEVERE}"'


def overview() -> Dashboard:
    """Build the dashboard."""
    board = dashboard("overview", "Overview", "Is everything all right? Every number links to its reason.")
    for panel in (*_answers(), *_what_happened(), _services(), _lines_by_service(), _newest_errors()):
        board.with_panel(panel)
    return board


def _answers() -> list[Builder[Panel]]:
    return [
        number(
            "Components down",
            promql_now(or_zero(COMPONENTS_DOWN)),
            "Loki, the Collector, Jaeger, VictoriaMetrics and Redis: how many of them do not answer.",
            steps=((0, "green"), (1, "red")),
            words={"0": "none"},
            links=[to_dashboard("Pipeline health", "pipeline")],
        ),
        number(
            "Services reporting",
            promql_now(or_zero(f"count(count by (service_name) ({PROCESSES}))")),
            f"How many of the {len(ServiceName)} processes have sent metrics in the last three minutes.",
            steps=((0, "red"), (len(ServiceName), "green")),
            links=[to_dashboard("Python telemetry", "python-telemetry")],
        ),
        number(
            "Executions given up",
            promql_now(given_up_ratio("$__range")),
            "Of all executions that ended in this time range, the share that no attempt could carry out.",
            unit="percentunit",
            decimals=1,
            steps=((0, "green"), (0.01, "orange"), (0.05, "red")),
            links=[to_dashboard("Executions", "executions")],
        ),
        number(
            "Error lines",
            promql_now(or_zero(f"sum(sum_over_time({SEVERE_LINES}[$__range]))")),
            "Lines of level error, critical or fatal in this time range.",
            steps=((0, "green"), (1, "orange"), (100, "red")),
            links=[to_lines("These lines", _ERRORS), to_dashboard("Logs", "logs", level="error")],
        ),
        number(
            "Lost on the way",
            promql_now(lost_in_any_way()),
            "Log records, spans and metric points of this time range that never reached their store.",
            decimals=0,
            steps=((0, "green"), (1, "red")),
            words={"0": "nothing"},
            links=[to_dashboard("Pipeline health", "pipeline")],
        ),
        number(
            "Fullest queue",
            promql_now(or_zero(f"max({QUEUE_OF_THE_COLLECTOR})")),
            "How full the fullest of the Collector's queues is. A full one refuses what comes next.",
            unit="percentunit",
            decimals=0,
            steps=((0, "green"), (0.5, "orange"), (0.8, "red")),
            links=[to_dashboard("Pipeline health", "pipeline")],
        ),
    ]


def _what_happened() -> list[Builder[Panel]]:
    service = to_dashboard("This service", "service", service=_SERVICE)
    errors = to_lines("These lines", f'{{service_name="{_SERVICE}"}} | detected_level=~"{SEVERE}"')
    return [
        firing_alerts(
            "Alerts", "What fires now, or is about to. Each has a runbook, which its rule links to.", width=8, height=8
        ),
        ended(links=[to_dashboard("Executions", "executions")]),
        short_names(
            counts(
                "Error lines by service",
                [promql(severe_lines("$__interval", "service_name"), "{{service_name}}")],
                "Lines of level error, critical or fatal.",
                links=[service, errors],
            ).interval("1m")
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
        "Each service over the whole time range; errors are work that ended in an exception. Click a name.",
        columns={
            by: "Service",
            "Value #A": "Work",
            "Value #B": "Errors",
            "Value #C": "95 % within",
            "Value #D": "Lines",
            "Value #E": "Error lines",
        },
        units={
            "Work": ("ops", 2),
            "Errors": ("percentunit", 1),
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


def _lines_by_service() -> Builder[Panel]:
    return short_names(
        counts(
            "Lines by service",
            [promql(f"sum by (service_name) (sum_over_time({LINES}[$__interval]))", "{{service_name}}")],
            "How many lines each service wrote, as Loki's ruler counts them once a minute.",
            links=[
                to_dashboard("This service", "service", service=_SERVICE),
                to_lines("Its lines", f'{{service_name="{_SERVICE}"}}'),
            ],
            height=9,
        ).interval("1m")
    )


def _newest_errors() -> Builder[Panel]:
    return log_lines(
        "Newest errors",
        lines(f"{_ERRORS} {READABLE}", at_most=20),
        "Open a line for its fields and the links to its trace and its execution.",
        height=10,
    )

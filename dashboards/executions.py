"""How executions fare, and one execution's way through all services."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from app.core.service_names import NAMESPACE
from dashboards import variables
from dashboards.files import dashboard
from dashboards.links import to_dashboard, to_lines
from dashboards.metrics import or_zero, total
from dashboards.panels import chart, counts, log_lines, number, totals, without_namespace
from dashboards.sources import lines, logql, promql, promql_now

# Found by text, before anything is parsed. Nothing typed in: the lines of all executions.
_LINES = f'{{service_namespace="{NAMESPACE}"}} |= `"execution_id":"$execution_id`'
_SHOWN = '| json event="event" | line_format "{{.service_name}}: {{.event}}  {{__line__}}"'
_THESE_LINES = _LINES.replace("$execution_id", "${execution_id}")


def executions() -> Dashboard:
    """Build the dashboard."""
    description = "All executions in numbers, and the way of one through all services: type its id at the top."
    board = dashboard("executions", "Executions", description).with_variable(
        variables.text("execution_id", "Execution", "The execution_id, or its beginning; empty for all executions.")
    )
    for panel in (*_numbers(), *_over_time(), *_one_execution()):
        board.with_panel(panel)
    return board


def _numbers() -> list[Builder[Panel]]:
    def in_state(title: str, state: str, description: str, colour: str) -> Builder[Panel]:
        query = total(f'integr8scode_executions_total{{state="{state}"}}')
        steps = ((None, "blue"), (1, colour))
        return number(title, promql_now(query), description, decimals=0, steps=steps)

    return [
        in_state("Queued", "queued", "Executions accepted in this time range.", "blue"),
        in_state("Succeeded", "succeeded", "Executions that ended well.", "green"),
        in_state("Given up", "dead-lettered", "Executions put into the dead letters after their last attempt.", "red"),
        number(
            "Retries",
            promql_now(total("integr8scode_retries_total")),
            "Attempts after the first one.",
            decimals=0,
            steps=((None, "blue"), (1, "orange")),
        ),
        number(
            "Events waiting",
            promql_now(or_zero("sum(max by (stream) (integr8scode_queue_depth))")),
            "Events in Redis that no worker has handled yet.",
            steps=((None, "green"), (100, "orange"), (1000, "red")),
        ),
        number(
            "95 % finished within",
            promql_now(or_zero(_finished_within(0.95, "$__range"))),
            "From the request to the final state.",
            unit="s",
        ),
    ]


def _finished_within(share: float, over: str) -> str:
    buckets = f"increase(integr8scode_execution_duration_seconds_bucket[{over}])"
    return f"histogram_quantile({share}, sum by (le) ({buckets}))"


def _over_time() -> list[Builder[Panel]]:
    return [
        counts(
            "Executions by state",
            [promql("sum by (state) (increase(integr8scode_executions_total[$__interval]))", "{{state}}")],
            "How many executions reached each state.",
        ).interval("1m"),
        chart(
            "Duration",
            [promql(_finished_within(share / 100, "$__rate_interval"), f"{share} % within") for share in (50, 95)],
            "From the request to the final state, retries included.",
            unit="s",
        ).interval("1m"),
        chart(
            "Events waiting by stream",
            [promql("max by (stream) (integr8scode_queue_depth)", "{{stream}}")],
            "Events of each stream that its worker has not handled yet.",
        ),
    ]


def _one_execution() -> list[Builder[Panel]]:
    by_service = f"sum by (service_name) (count_over_time({_LINES} [$__interval]))"
    service = to_dashboard("This service", "service", service="${__field.labels.service_name}")
    return [
        without_namespace(
            totals(
                "Services passed",
                logql(by_service, "{{service_name}}"),
                "How many lines each service wrote of this execution; services that it did not pass are left out.",
                links=[to_lines("All lines of the execution", _THESE_LINES), service],
            )
        ),
        without_namespace(
            counts(
                "Lines by service",
                [logql(by_service, "{{service_name}}")],
                "When it passed them.",
                links=[to_lines("All lines of the execution", _THESE_LINES), service],
                width=16,
                height=6,
            )
        ),
        log_lines(
            "The way through all services",
            lines(f"{_LINES} {_SHOWN}", at_most=500),
            "In the order of time: service, event, the line itself. Open one for its fields and the link to its trace.",
            oldest_first=True,
        ),
    ]

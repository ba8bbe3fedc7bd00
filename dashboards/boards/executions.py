"""How executions fare, and one execution's way through all services."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from app.core.service_names import NAMESPACE
from app.events.execution import State
from dashboards import variables
from dashboards.files import dashboard, section
from dashboards.links import to_dashboard, to_lines
from dashboards.metrics import ENDED, GIVEN_UP, or_zero, total
from dashboards.panels.appearance import STATE_COLOURS, coloured, short_names
from dashboards.panels.charts import chart, counts
from dashboards.panels.lists import log_lines
from dashboards.panels.numbers import number, totals
from dashboards.readable import READABLE
from dashboards.sources import lines, logql, promql, promql_now

# Found by text, before anything is parsed. Nothing typed in: the lines of all executions.
_LINES = f'{{service_namespace="{NAMESPACE}"}} |= `"execution_id":"$execution_id`'
_THESE_LINES = _LINES.replace("$execution_id", "${execution_id}")
_STATES = "integr8scode_executions_total"


def executions() -> Dashboard:
    """Build the dashboard."""
    description = "All executions in numbers, and the way of one through all services: type its id at the top."
    board = dashboard("executions", "Executions", description).with_variable(
        variables.text("execution_id", "Execution", "The execution_id, or its beginning; empty for all executions.")
    )
    section(board, "All executions", [*_numbers(), *_over_time()])
    section(board, "One execution (all, while none is typed in above) $execution_id", _one_execution())
    return board


def ended(*, links: Sequence[DashboardLink] = (), width: int = 8) -> timeseries.Panel:
    """How executions end, in the colours of their states."""
    panel = counts(
        "Executions ended",
        [promql(f"sum by (state) (increase({ENDED}[$__interval]))", "{{state}}")],
        "Succeeded; failed by the script's own fault; dead-lettered, that is given up after the last attempt.",
        links=links,
        width=width,
    )
    return coloured(panel, STATE_COLOURS).interval("1m")


def _numbers() -> list[Builder[Panel]]:
    def so_many(title: str, counter: str, description: str, colour: str) -> Builder[Panel]:
        steps = ((0, "blue"), (1, colour))
        return number(title, promql_now(total(counter)), description, decimals=0, steps=steps)

    return [
        so_many(
            "Succeeded",
            f'{_STATES}{{state="{State.SUCCEEDED}"}}',
            "Executions that ended well in this time range.",
            "green",
        ),
        so_many(
            "Failed",
            f'{_STATES}{{state="{State.FAILED}"}}',
            "Executions whose script failed or took too long: another attempt would not help.",
            "yellow",
        ),
        so_many("Given up", GIVEN_UP, "Executions put into the dead letters after their last attempt.", "red"),
        so_many("Retries", "integr8scode_retries_total", "Attempts after the first one.", "orange"),
        number(
            "Events waiting",
            promql_now(or_zero("sum(max by (stream) (integr8scode_queue_depth))")),
            "Events in Redis that no worker has handled yet.",
            steps=((0, "green"), (100, "orange"), (1000, "red")),
        ),
        number(
            "95 % finished within",
            promql_now(_finished_within(0.95, "$__range")),
            "From the request to the final state.",
            unit="s",
        ),
    ]


def _finished_within(share: float, over: str) -> str:
    buckets = f"increase(integr8scode_execution_duration_seconds_bucket[{over}])"
    return f"histogram_quantile({share}, sum by (le) ({buckets}))"


def _over_time() -> list[Builder[Panel]]:
    on_the_way = f'{_STATES}{{state=~"{State.QUEUED}|{State.ATTEMPT_FAILED}"}}'
    return [
        ended(width=6),
        coloured(
            chart(
                "Queued, and attempts that failed",
                [promql(f"sum by (state) (increase({on_the_way}[$__interval]))", "{{state}}")],
                "Executions that were accepted, replayed or tried again by hand; attempts after which another one may "
                "follow.",
                width=6,
            ),
            STATE_COLOURS,
        ).interval("1m"),
        chart(
            "Duration",
            [promql(_finished_within(share / 100, "$__rate_interval"), f"{share} % within") for share in (50, 95)],
            "From the request to the final state, retries included.",
            unit="s",
            width=6,
        ).interval("1m"),
        short_names(
            chart(
                "Events waiting by stream",
                [promql("max by (stream) (integr8scode_queue_depth)", "{{stream}}")],
                "Events of each stream that its worker has not handled yet.",
                width=6,
            )
        ),
    ]


def _one_execution() -> list[Builder[Panel]]:
    by_service = f"sum by (service_name) (count_over_time({_LINES} [$__interval]))"
    service = to_dashboard("This service", "service", service="${__field.labels.service_name}")
    return [
        short_names(
            totals(
                "Services passed",
                logql(by_service, "{{service_name}}"),
                "How many lines each service wrote of this execution; services that it did not pass are left out.",
                links=[to_lines("All lines of the execution", _THESE_LINES), service],
            )
        ),
        short_names(
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
            lines(f"{_LINES} {READABLE}", at_most=500),
            "In the order of time: service, event, its fields. Open one for the link to its trace.",
            oldest_first=True,
        ),
    ]

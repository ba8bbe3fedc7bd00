"""All lines: how many, how bad, and the lines themselves, narrowed by service, level and text."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import variables
from dashboards.files import dashboard
from dashboards.links import to_dashboard
from dashboards.metrics import SEVERE
from dashboards.panels.appearance import LEVEL_COLOURS, LEVELS, coloured, short_names
from dashboards.panels.charts import counts
from dashboards.panels.lists import log_lines
from dashboards.readable import READABLE
from dashboards.sources import lines, logql

_FOUND = '{service_name=~"$service"} |= `$search`'
_CHOSEN = f'{_FOUND} | detected_level=~"$level"'


def logs() -> Dashboard:
    """Build the dashboard."""
    text = "Only lines that contain exactly this text, such as an execution id or a trace id."
    board = (
        dashboard("logs", "Logs", "What every service writes: how much, how bad, and the lines themselves.")
        .with_variable(variables.services())
        .with_variable(variables.level(LEVELS))
        .with_variable(variables.text("search", "Text", text))
    )
    for panel in (*_counts(), _lines()):
        board.with_panel(panel)
    return board


def _counts() -> list[Builder[Panel]]:
    def by(label: str, found: str) -> str:
        return f"sum by ({label}) (count_over_time({found} [$__interval]))"

    level = "${__field.labels.detected_level}"
    service = "${__field.labels.service_name}"
    only_level = to_dashboard(f"Only {level}", "logs", keeping=("service", "search"), level=level)
    only_service = to_dashboard("Only this service", "logs", keeping=("level", "search"), service=service)
    this_service = to_dashboard("This service", "service", service=service)
    severe = f'{_FOUND} | detected_level=~"{SEVERE}"'
    return [
        coloured(
            counts(
                "Lines by level",
                [logql(by("detected_level", _CHOSEN), "{{detected_level}}")],
                "How many lines of each level. Click a bar to keep that level only.",
                links=[only_level],
            ),
            LEVEL_COLOURS,
        ),
        short_names(
            counts(
                "Lines by service",
                [logql(by("service_name", _CHOSEN), "{{service_name}}")],
                "How many lines each service wrote. Click a bar to keep that service only.",
                links=[only_service, this_service],
            )
        ),
        short_names(
            counts(
                "Errors by service",
                [logql(by("service_name", severe), "{{service_name}}")],
                "Lines of level error, critical or fatal, whatever level is chosen above.",
                links=[only_service, this_service],
            ).no_value("No errors")
        ),
    ]


def _lines() -> Builder[Panel]:
    return log_lines(
        "Lines",
        lines(f"{_CHOSEN} {READABLE}", at_most=500),
        "The newest lines that match. Open one for its fields and the links to its trace and its execution.",
        height=20,
    ).enable_infinite_scrolling(True)

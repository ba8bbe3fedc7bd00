"""Lists: log lines, and alerts that fire."""

from grafana_foundation_sdk.builders import logs
from grafana_foundation_sdk.builders.dashboard import Panel
from grafana_foundation_sdk.models.common import LogsSortOrder

from dashboards.panels.appearance import completed
from dashboards.sources import Query

# Of Grafana's own: the order of its list.
_BY_IMPORTANCE = 3


def log_lines(
    title: str, query: Query, description: str, *, oldest_first: bool = False, width: int = 24, height: int = 14
) -> logs.Panel:
    """Log lines with their time and, opened, their fields and links."""
    panel = (
        logs.Panel()
        .show_time(True)
        .show_labels(False)
        .show_common_labels(False)
        .wrap_log_message(True)
        .prettify_log_message(False)
        .enable_log_details(True)
        .syntax_highlighting(True)
        .show_controls(True)
        .font_size("small")
        .sort_order(LogsSortOrder.ASCENDING if oldest_first else LogsSortOrder.DESCENDING)
    )
    return completed(panel, title, description, [query], (width, height))


def firing_alerts(title: str, description: str, *, width: int, height: int) -> Panel:
    """Alerts of Grafana's own that fire, or are about to; each leads to its rule. The SDK has no builder for it."""
    options = {
        "viewMode": "list",
        "groupMode": "default",
        "groupBy": [],
        "maxItems": 20,
        "sortOrder": _BY_IMPORTANCE,
        "dashboardAlerts": False,
        "alertName": "",
        "alertInstanceLabelFilter": "",
        "datasource": "-- Grafana --",
        "folder": None,
        "showInstances": False,
        "stateFilter": {
            "firing": True,
            "pending": True,
            "recovering": True,
            "error": True,
            "noData": True,
            "normal": False,
        },
    }
    return Panel().type("alertlist").title(title).description(description).options(options).span(width).height(height)

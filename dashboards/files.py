"""How a dashboard begins, and how it becomes a file."""

import json
from collections.abc import Iterable
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from dashboards.links import TAG, to_each_other

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "grafana" / "provisioning" / "dashboards"


def dashboard(uid: str, title: str, description: str, *, since: str = "now-1h") -> Dashboard:
    """Start a dashboard that shows the time from `since` until now and renews itself each minute."""
    return (
        Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .link(to_each_other())
        .time(since, "now")
        .refresh("1m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .editable()
        .variables([])
        .annotations([])
    )


def section(board: Dashboard, title: str, panels: Iterable[Builder[model.Panel]]) -> None:
    """Add panels under a heading."""
    board.with_row(Row(title))
    for panel in panels:
        board.with_panel(panel)


def as_json(built: model.Dashboard) -> str:
    """The file's content. Panels are numbered in the order in which they are read."""
    for number, panel in enumerate(built.panels or [], start=1):
        panel.id_val = number
    return json.dumps(built, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"

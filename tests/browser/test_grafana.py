"""What a person does in Grafana: look at each dashboard; find a line, open it, and follow it to its trace."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from app.core.service_names import ServiceName
from tests.support.backend import Execution
from tests.support.grafana import dashboards
from tests.support.grafana_server import Grafana

# How a panel says that its query failed: up to Grafana 9, and since.
PANEL_ERROR = (
    ".panel-info-corner--error, [data-testid='data-testid Panel status error'], [aria-label='Panel status error']"
)
# The spinner of a panel that still asks, likewise.
PANEL_LOADING = ".panel-loading, [aria-label='Panel loading bar'], [data-testid='panel-loading-bar']"
PICTURE = {"x": 0, "y": 0, "width": 1280, "height": 860}


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda dashboard: dashboard["uid"])
def test_dashboard_shows_no_panel_in_error(
    page: Page, grafana: Grafana, execution: Execution, dashboard: dict[str, Any], pictures: Path
) -> None:
    uid = dashboard["uid"]
    chosen = f"&var-execution_id={execution.execution_id}" if uid == "executions" else ""

    page.goto(f"{grafana.url}/d/{uid}/{uid}?from=now-30m&to=now&kiosk{chosen}")

    for panel in dashboard["panels"]:
        expect(page.get_by_text(panel["title"], exact=True).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator(PANEL_LOADING)).to_have_count(0)
    assert page.locator(PANEL_ERROR).count() == 0
    page.screenshot(path=pictures / f"{uid}.png", clip=PICTURE)  # type: ignore[arg-type]


def test_a_line_leads_to_its_trace(page: Page, grafana: Grafana, execution: Execution, pictures: Path) -> None:
    query = f'{{service_name="{ServiceName.BACKEND}"}} |= `{execution.execution_id}` |= `accepted`'
    page.goto(grafana.url + explore(grafana, query))

    page.get_by_text(execution.execution_id).last.click()
    page.screenshot(path=pictures / "line.png", clip=PICTURE)  # type: ignore[arg-type]
    trace_id = page.locator("tr, li, div").filter(has_text="TraceID").last
    expect(trace_id).to_be_visible()
    page.locator("a, button").filter(has_text="Jaeger").first.click()

    # The name of a span of another process, which no log line has.
    expect(page.get_by_text("integr8scode:pods process").first).to_be_visible()
    page.screenshot(path=pictures / "line-and-trace.png", clip=PICTURE)  # type: ignore[arg-type]


def explore(grafana: Grafana, query: str) -> str:
    """The address of Explore with a query to Loki: since Grafana 10, and before."""
    if grafana.major >= 10:
        asked = {"refId": "A", "expr": query, "datasource": {"type": "loki", "uid": "loki"}}
        pane = {"datasource": "loki", "queries": [asked], "range": {"from": "now-30m", "to": "now"}}
        return f"/explore?schemaVersion=1&orgId=1&panes={quote(json.dumps({'pane': pane}))}"
    return f"/explore?orgId=1&left={quote(json.dumps(['now-30m', 'now', 'Loki', {'expr': query}]))}"

"""What a person does in Grafana: look at each dashboard; follow its links; find a line, and follow it to its trace."""

import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urljoin

import pytest
from playwright.sync_api import Page, expect

from app.core.service_names import ServiceName
from tests.browser.panels import ERROR, address_of, open_dashboard, panel_named, wait_for_answers
from tests.support.backend import Execution
from tests.support.grafana import dashboards, data_links, panels
from tests.support.grafana_server import Grafana

PICTURE = {"x": 0, "y": 0, "width": 1280, "height": 1170}
# Since Grafana 10 an address can name a query in Explore; before, in another way.
EXPLORE_IN_LINKS = 10


class OnPanel(NamedTuple):
    """A link that a panel offers on its values."""

    uid: str
    panel: dict[str, Any]
    link: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.uid}-{self.panel['title']}-{self.link['title']}"


LINKS = [
    OnPanel(dashboard["uid"], panel, link)
    for dashboard in dashboards()
    for panel in panels(dashboard)
    for link in data_links(panel)
]


def chosen(uid: str, given_up: Execution) -> dict[str, str]:
    """What is chosen at a dashboard's top: a service, or an execution, with lines, errors and traces."""
    choices: dict[str, dict[str, str]] = {
        "executions": {"execution_id": given_up.execution_id},
        "service": {"service": ServiceName.DLQ_PROCESSOR},
    }
    return choices.get(uid, {})


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda dashboard: dashboard["uid"])
def test_every_panel_shows_something(
    page: Page, grafana: Grafana, given_up: Execution, dashboard: dict[str, Any], pictures: Path
) -> None:
    uid = dashboard["uid"]
    open_dashboard(page, grafana, uid, **chosen(uid, given_up))

    for panel in panels(dashboard):
        shown = panel_named(page, panel["title"])
        expect(shown).to_be_visible()
        expect(shown.get_by_text("No data")).to_have_count(0)
        if panel["type"] == "stat":
            expect(shown.get_by_text("-", exact=True)).to_have_count(0)
    assert page.locator(ERROR).count() == 0
    page.screenshot(path=pictures / f"{uid}.png", clip=PICTURE)  # type: ignore[arg-type]


@pytest.mark.parametrize("offered", LINKS, ids=str)
def test_a_link_leads_to_something(page: Page, grafana: Grafana, given_up: Execution, offered: OnPanel) -> None:
    open_dashboard(page, grafana, offered.uid, **chosen(offered.uid, given_up))

    address = address_of(page, offered.panel, offered.link)

    assert "$" not in address
    if address.startswith("/explore") and grafana.major < EXPLORE_IN_LINKS:
        pytest.skip("this Grafana is older than the addresses of Explore that links are written for")
    page.goto(urljoin(grafana.url, address))
    wait_for_answers(page)
    assert page.locator(ERROR).count() == 0
    expect(page.get_by_text("Dashboard not found")).to_have_count(0)


def test_a_readable_line_leads_to_its_execution(page: Page, grafana: Grafana, given_up: Execution) -> None:
    """The panel shows no JSON: its links are found in what it shows, and in the record's metadata."""
    open_dashboard(page, grafana, "logs", search=given_up.execution_id)

    panel_named(page, "Lines").get_by_text("Execution given up").first.click()

    link = page.locator(f"a[href*='{given_up.execution_id}']").first
    expect(link).to_be_visible()
    # Some versions open it in a window of its own.
    page.goto(urljoin(grafana.url, link.get_attribute("href") or ""))
    wait_for_answers(page)
    expect(panel_named(page, "The way through all services").get_by_text("Execution given up").first).to_be_visible()


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
    asked = {"refId": "A", "expr": query, "datasource": {"type": "loki", "uid": "loki"}}
    pane = {"datasource": "loki", "queries": [asked], "range": {"from": "now-30m", "to": "now"}}
    if grafana.major >= EXPLORE_IN_LINKS:
        return f"/explore?schemaVersion=1&orgId=1&panes={quote(json.dumps({'pane': pane}))}"
    return f"/explore?orgId=1&left={quote(json.dumps(pane))}"

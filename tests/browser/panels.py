"""Panels as a browser shows them, in Grafana 9 and since: what they say, and where a click on their values leads."""

import re
from itertools import product
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.grafana_server import Grafana

# How a panel says that its query failed: up to Grafana 9, and since.
ERROR = ".panel-info-corner--error, [data-testid='data-testid Panel status error'], [aria-label='Panel status error']"
# The spinner of a panel that still asks, likewise.
LOADING = ".panel-loading, [aria-label='Panel loading bar'], [data-testid='panel-loading-bar']"
# Shares of a chart's width and height: where its newest values may be, from the right, and how high.
_ACROSS = [share / 200 for share in range(199, 0, -1)]
_UP = [0.98, 0.9, 0.6]


def open_dashboard(page: Page, grafana: Grafana, uid: str, **variables: str) -> None:
    """Show a dashboard with the last half hour, and wait until its panels have their answers."""
    chosen = "".join(f"&var-{name}={value}" for name, value in variables.items())
    page.goto(f"{grafana.url}/d/{uid}/{uid}?from=now-30m&to=now&kiosk{chosen}")
    wait_for_answers(page)


def wait_for_answers(page: Page) -> None:
    """Wait until no panel asks any more."""
    page.wait_for_load_state("load")
    expect(page.locator(LOADING)).to_have_count(0)


def panel_named(page: Page, title: str) -> Locator:
    """The panel with this title."""
    return page.locator(f"[aria-label='{title} panel'], [data-testid='data-testid Panel header {title}']").first


def address_of(page: Page, panel: dict[str, Any], link: dict[str, Any]) -> str:
    """Where a link on a value of the panel leads, as the browser was told."""
    shown = panel_named(page, panel["title"])
    expect(shown).to_be_visible()
    # A lone link is the value itself; of several, a click on the value shows a menu.
    direct = shown.locator("a[href*='/d/'], a[href*='/explore']")
    offered = page.locator("a[href]").filter(has_text=_as_shown(link["title"]))
    if panel["type"] == "timeseries":
        _click_a_value(page, shown, offered)
    else:
        value = _value(shown, panel)
        expect(value).to_contain_text(re.compile(r"\S"))
        if direct.count():
            offered = direct
        else:
            value.click()
    expect(offered.first).to_be_visible()
    address = offered.first.get_attribute("href")
    assert address
    return address


def _value(shown: Locator, panel: dict[str, Any]) -> Locator:
    if panel["type"] == "table":
        return shown.locator("[role='cell'], [role='gridcell']").first
    return shown.locator(".panel-content span, [data-testid='data-testid panel content'] span").first


def _click_a_value(page: Page, shown: Locator, offered: Locator) -> None:
    plot = shown.locator(".u-over").bounding_box()
    assert plot, "the panel draws nothing"
    for across, up in product(_ACROSS, _UP):
        x, y = plot["x"] + plot["width"] * across, plot["y"] + plot["height"] * up
        page.mouse.move(x, y)
        page.mouse.click(x, y)
        if offered.count():
            return
        page.keyboard.press("Escape")
    raise AssertionError("no click on the chart offers the link")


def _as_shown(title: str) -> re.Pattern[str]:
    """A link's title, whatever its variables stand for."""
    fixed = re.split(r"\$\{[^}]+\}", title)
    return re.compile(".+".join(map(re.escape, fixed)))

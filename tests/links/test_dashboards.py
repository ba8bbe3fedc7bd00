"""From a dashboard's panel: to log lines, to traces, and to other dashboards, for every series that the panel shows."""

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from app.core.service_names import ServiceName
from dashboards.links import to_failed_traces, to_traces
from stack.docker.endpoints import Endpoints
from stack.stores.loki import Loki
from tests.dashboards.questions import RANGE_SECONDS, Question
from tests.links.rules import explore_link
from tests.support.grafana import dashboards, data_links, expand, panels
from tests.support.jaeger import Jaeger, Trace
from tests.support.spans import span, stored

SENDER = "links-sender"
DASHBOARDS = {dashboard["uid"]: dashboard for dashboard in dashboards()}
LINKS = [
    pytest.param(dashboard, panel, link, id=f"{dashboard['uid']}-{panel['title']}-{link['title']}")
    for dashboard in DASHBOARDS.values()
    for panel in panels(dashboard)
    for link in data_links(panel)
]


def time_variables() -> dict[str, str]:
    now = time.time_ns() // 10**6
    start = now - RANGE_SECONDS * 1000
    return {"__from": str(start), "__to": str(now), "__url_time_range": f"from={start}&to={now}"}


def chosen(dashboard: dict[str, Any]) -> dict[str, str]:
    """What is chosen at the dashboard's top: everything, or the one service that has traces as well as error lines."""
    values: dict[str, str] = {}
    for variable in dashboard["templating"]["list"]:
        first = variable["allValue"] if variable["includeAll"] else variable["current"]["value"]
        values[variable["name"]] = ServiceName.DLQ_PROCESSOR if first in set(ServiceName) else first
    return values


def clicked_values(panel: dict[str, Any], labels: dict[str, str]) -> dict[str, str]:
    """What a link may use of the series or the row that was clicked on."""
    values = {f"__field.labels.{name}": value for name, value in labels.items()}
    for transformation in panel.get("transformations", []):
        if transformation["id"] == "organize":
            renamed = transformation["options"]["renameByName"]
            values |= {f"__data.fields.{renamed[name]}": value for name, value in labels.items() if name in renamed}
    return values


@pytest.mark.usefixtures("traces", "metrics")
@pytest.mark.parametrize(("dashboard", "panel", "link"), LINKS)
def test_leads_somewhere(
    dashboard: dict[str, Any], panel: dict[str, Any], link: dict[str, Any], at: Endpoints, loki: Loki
) -> None:
    shown = chosen(dashboard)
    answer = Question(panel["targets"][0], shown).ask(at)
    clicked = [labels for labels in answer.found if labels.get("service_name", ServiceName.BACKEND) in set(ServiceName)]
    assert clicked
    for labels in clicked:
        url = expand(link["url"], shown | time_variables() | clicked_values(panel, labels))
        assert "$" not in url, f"a variable is left in {url}"
        if url.startswith("/d/"):
            arrives_at_a_dashboard(url)
        else:
            # Where a panel shows that there was nothing, there is nothing to be found.
            assert found_by(url, at, loki) or labels in answer.zeros, url


def arrives_at_a_dashboard(url: str) -> None:
    address = urlsplit(url)
    target = DASHBOARDS[address.path.split("/")[2]]
    known = {f"var-{variable['name']}" for variable in target["templating"]["list"]} | {"from", "to"}
    assert set(parse_qs(address.query)) <= known


def found_by(url: str, at: Endpoints, loki: Loki) -> object:
    link = explore_link(url)
    if link.data_source == "loki":
        return loki.lines(link.query["expr"], limit=10)
    assert link.data_source == "jaeger"
    return traces_found_by(link.query, at)


def traces_found_by(query: dict[str, Any], at: Endpoints) -> list[dict[str, Any]]:
    """What Grafana finds in Jaeger: it reads `tags` as logfmt, and asks with JSON."""
    search: dict[str, Any] = {name: query[name] for name in ("service", "operation", "limit") if name in query}
    if "tags" in query:
        tags = dict(pair.split("=", 1) for pair in query["tags"].split())
        search["tags"] = json.dumps(tags)
    answer = requests.get(f"{at.jaeger}/api/traces", params=search | {"lookback": "1h"}, timeout=30)
    assert answer.ok, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_the_link_to_failed_traces_finds_no_others(at: Endpoints, jaeger: Jaeger) -> None:
    failed = stored(at.otlp_http, jaeger, SENDER, span("work", failed=True))
    sound = stored(at.otlp_http, jaeger, SENDER, span("work"))
    link = to_failed_traces("", "${service}").build()

    found = traces_behind(link.url or "", {"service": SENDER}, at)

    assert failed in found
    assert sound not in found


@pytest.mark.parametrize("name", ["GET /a&b=c", "a+b c", "50%25 #1", "a;b?c/d"])
def test_the_link_to_an_operation_finds_it_whatever_its_name(name: str, at: Endpoints, jaeger: Jaeger) -> None:
    sent = stored(at.otlp_http, jaeger, SENDER, span(name))
    other = stored(at.otlp_http, jaeger, SENDER, span("another operation"))
    link = to_traces("", SENDER, "${__data.fields.Operation}").build()

    found = traces_behind(link.url or "", {"__data.fields.Operation": name}, at)

    assert sent in found
    assert other not in found


def traces_behind(url: str, clicked: dict[str, str], at: Endpoints) -> set[str]:
    link = explore_link(expand(url, clicked | time_variables()))
    return {trace["traceID"] for trace in traces_found_by(link.query, at)}


def test_every_dashboard_with_services_leads_to_lines_and_traces(traces: dict[str, Trace]) -> None:
    assert traces
    leading = {
        uid: {explore_link_target(link["url"]) for panel in panels(dashboard) for link in data_links(panel)}
        for uid, dashboard in DASHBOARDS.items()
    }
    assert leading["overview"] >= {"loki", "jaeger", "dashboard"}
    assert leading["service"] >= {"loki", "jaeger", "dashboard"}


def explore_link_target(url: str) -> str:
    return "dashboard" if url.startswith("/d/") else explore_link(url).data_source

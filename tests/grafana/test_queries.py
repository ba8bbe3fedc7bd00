"""Every query of every panel, asked through Grafana as its pages do: what comes back may be empty, but is no error."""

from typing import Any

import pytest
import requests

from tests.support.grafana import dashboards, expand, targets
from tests.support.grafana_server import TIMEOUT_S, Grafana

QUERIES = [
    pytest.param(dashboard, target, id=f"{dashboard['uid']}-{panel['title']}-{target['refId']}")
    for dashboard in dashboards()
    for panel, target in targets(dashboard)
]
# Before, Jaeger was asked by the browser.
JAEGER_ASKED_BY_GRAFANA_SINCE = 12


@pytest.mark.parametrize(("dashboard", "target"), QUERIES)
def test_is_answered(grafana: Grafana, dashboard: dict[str, Any], target: dict[str, Any]) -> None:
    if target["datasource"]["type"] == "jaeger" and grafana.major < JAEGER_ASKED_BY_GRAFANA_SINCE:
        pytest.skip("this Grafana leaves Jaeger to the browser")
    query = filled_in(target, initially_chosen(dashboard)) | {"intervalMs": 15_000, "maxDataPoints": 500}
    response = requests.post(
        f"{grafana.url}/api/ds/query",
        json={"queries": [query], "from": "now-30m", "to": "now"},
        auth=(grafana.user, grafana.password),
        timeout=TIMEOUT_S,
    )
    assert response.ok, response.text
    [result] = response.json()["results"].values()
    assert "error" not in result


def initially_chosen(dashboard: dict[str, Any]) -> dict[str, str]:
    """What a dashboard's variables stand for when it is opened."""
    return {
        variable["name"]: variable["allValue"] if variable.get("includeAll") else variable["current"]["value"]
        for variable in dashboard["templating"]["list"]
    }


def filled_in(part: Any, values: dict[str, str]) -> Any:  # noqa: ANN401 - any part of a JSON document
    """The same with each variable in its texts replaced; Grafana itself knows $__interval and the like."""
    match part:
        case str():
            return expand(part, values)
        case dict():
            return {name: filled_in(value, values) for name, value in part.items()}
        case list():
            return [filled_in(value, values) for value in part]
    return part

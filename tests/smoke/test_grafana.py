"""Grafana sees the three stores, and has loaded the dashboards. What they show is the subject of tests/dashboards."""

import json
import time

import pytest
import requests

from tests.support.grafana import dashboards
from tests.support.grafana_server import TIMEOUT_S, Grafana

# A cheap request that only a living store answers, for Grafanas that can't ask a data source for its health.
HEALTH_REQUESTS = {
    "loki": "/loki/api/v1/labels",
    "jaeger": "/api/services",
    "victoria-metrics": "/api/v1/query?query=1",
}


def test_reaches_its_own_database(grafana: Grafana) -> None:
    assert grafana.json("/api/health")["database"] == "ok"


def test_lets_nobody_in_without_an_account(grafana: Grafana) -> None:
    response = requests.get(f"{grafana.url}/api/datasources", timeout=TIMEOUT_S)
    assert response.status_code == requests.codes.unauthorized


@pytest.mark.parametrize("uid", HEALTH_REQUESTS)
def test_data_source_is_healthy(grafana: Grafana, uid: str) -> None:
    assert uid in {source["uid"] for source in grafana.json("/api/datasources")}
    health = grafana.get(f"/api/datasources/uid/{uid}/health")
    if health.status_code == requests.codes.not_found:
        grafana.json(grafana.proxy(uid) + HEALTH_REQUESTS[uid])
    else:
        assert health.json()["status"] == "OK", health.text


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda dashboard: dashboard["uid"])
def test_has_loaded_the_dashboard(grafana: Grafana, dashboard: dict[str, str]) -> None:
    loaded = grafana.json(f"/api/dashboards/uid/{dashboard['uid']}")
    assert loaded["dashboard"]["title"] == dashboard["title"]
    assert loaded["meta"]["provisioned"]


def test_finds_a_line_through_its_proxy(grafana: Grafana, one_log_line: str) -> None:
    answer = grafana.json(
        grafana.proxy("loki") + "/loki/api/v1/query_range",
        query=f'{{service_name=~".+"}} |= {json.dumps(one_log_line, ensure_ascii=False)}',
        start=time.time_ns() - 30 * 60 * 10**9,
        limit=1,
    )
    (stream,) = answer["data"]["result"]
    assert stream["values"][0][1] == one_log_line

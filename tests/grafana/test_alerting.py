"""Every rule is evaluated without an error, its runbook is a click away, and alerts go where they were told to go."""

import os
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from stack.docker import environment_file
from tests.alerts import rules
from tests.support.eventually import eventually
from tests.support.grafana_server import TIMEOUT_S, Grafana

# The receiver that Grafana makes itself: since 12.4, and before.
OWN_RECEIVERS = {"empty", "grafana-default-email"}
# Rules are evaluated every minute, for the first time within one.
EVALUATED_WITHIN_SECONDS = 90.0


@pytest.fixture(scope="module")
def evaluated(grafana: Grafana) -> dict[str, dict[str, Any]]:
    """Title → rule, once each has been evaluated."""
    return eventually(
        lambda: {
            rule["name"]: rule
            for group in grafana.json("/api/prometheus/grafana/api/v1/rules")["data"]["groups"]
            for rule in group["rules"]
        },
        lambda found: bool(found) and all(not rule["lastEvaluation"].startswith("0001") for rule in found.values()),
        sent="grafana/provisioning/alerting/rules.yaml",
        components=("grafana",),
        within=EVALUATED_WITHIN_SECONDS,
    )


def test_every_rule_is_evaluated(evaluated: dict[str, dict[str, Any]]) -> None:
    assert set(evaluated) >= {rule.title for rule in rules.load()}
    assert {title: rule for title, rule in evaluated.items() if rule["health"] not in {"ok", "nodata"}} == {}


def test_an_alert_links_to_its_runbook(grafana: Grafana, evaluated: dict[str, dict[str, Any]]) -> None:
    links = {alert["annotations"]["runbook_url"] for alert in evaluated["Component down"]["alerts"]}
    assert links
    for link in links:
        address = urlsplit(link)
        assert address.scheme in {"http", "https"}
        assert address.netloc
        page = requests.get(grafana.url + address.path, timeout=TIMEOUT_S)
        assert page.ok, page.status_code
        assert page.text.startswith("# Component down")
        # Shown, not downloaded.
        assert page.headers["Content-Type"].startswith(("text/plain", "text/markdown"))


def test_alerts_go_where_they_were_told_to_go(grafana: Grafana) -> None:
    chosen = (environment_file.read() | os.environ).get("ALERT_CONTACT_POINT") or "off"
    receiver = grafana.json("/api/v1/provisioning/policies")["receiver"]
    assert receiver in (OWN_RECEIVERS if chosen == "off" else {chosen})

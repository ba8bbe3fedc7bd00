"""Grafana took in all that it was given, and says so."""

from typing import Any

from tests.support.grafana import data_sources
from tests.support.grafana_server import Grafana


def test_ends_without_an_error(log: list[dict[str, Any]]) -> None:
    assert [line for line in log if line["msg"] == "finished to provision alerting"], "alerting was not provisioned"
    errors = [
        line for line in log if line["level"] == "error" and line["logger"].startswith(("provisioning", "plugin"))
    ]
    assert not errors


def test_no_text_of_an_alert_fails(log: list[dict[str, Any]]) -> None:
    errors = [line for line in log if line["level"] == "error" and line["logger"].startswith("ngalert")]
    assert not errors


def test_correlations_are_there(grafana: Grafana) -> None:
    provisioned = {
        (source, one["targetUID"], one["label"])
        for source, settings in data_sources().items()
        for one in settings.get("correlations", [])
    }
    found = grafana.json("/api/datasources/correlations")
    correlations = found["correlations"] if isinstance(found, dict) else found
    assert {(one["sourceUID"], one["targetUID"], one["label"]) for one in correlations} >= provisioned

"""Another contact point is another start of Grafana: on a new database, and on what the one before has left."""

import os
from collections.abc import Iterator

import pytest

from stack.docker.endpoints import endpoints
from tests.grafana.test_alerting import OWN_RECEIVERS
from tests.support.grafana_server import Grafana
from tests.support.own_project import own_project, up

PASSWORD = "only-for-this-test"
SETTINGS = {
    "ALERT_WEBHOOK_URL": "http://backend:8000/nowhere",
    "ALERT_SLACK_URL": "https://hooks.slack.com/services/T0/B0/none",
    "ALERT_ALERTMANAGER_URL": "http://backend:8000/",
    "ALERT_EMAIL_TO": "operators@example.org",
    "GF_SMTP_HOST": "backend:25",
    "GF_SMTP_FROM_ADDRESS": "grafana@example.org",
    "GRAFANA_ADMIN_PASSWORD": PASSWORD,
}


@pytest.fixture(scope="module")
def project(grafana: Grafana) -> Iterator[None]:
    """A project with a Grafana that has never run."""
    assert grafana
    if "GRAFANA_URL" in os.environ:
        pytest.skip("GRAFANA_URL names a Grafana that can't be started from here")
    with own_project("contact-point", variables=SETTINGS):
        yield


@pytest.mark.usefixtures("project")
def test_can_be_changed_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for chosen in ("off", "webhook", "off", "email", "slack", "alertmanager", "off"):
        monkeypatch.setenv("ALERT_CONTACT_POINT", chosen)
        up("grafana")
        started = Grafana(endpoints().grafana, "admin", PASSWORD)
        receiver = started.json("/api/v1/provisioning/policies")["receiver"]
        assert receiver in (OWN_RECEIVERS if chosen == "off" else {chosen})

"""What docker-compose.yml promises for every service, read as Compose resolves it."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from app.core.service_names import ServiceName
from stack.docker import compose
from stack.paths import FROM_SOURCE_FILE, ROOT

STORES = {"redis", "loki", "otel-collector", "jaeger", "victoria-metrics", "grafana"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = compose.project(every_profile=True)["services"]
    return found


def test_the_seven_processes_are_named_as_the_application_names_them(services: dict[str, Any]) -> None:
    named = {
        name: service["environment"]["OTEL_SERVICE_NAME"]
        for name, service in services.items()
        if "OTEL_SERVICE_NAME" in service.get("environment", {})
    }
    assert named == {service.compose_service: service.value for service in ServiceName}


def test_every_official_image_has_a_version() -> None:
    unpinned = [image for image in compose.official_images().values() if not re.search(r":v?\d", image)]
    assert not unpinned


def test_every_published_port_can_be_moved(services: dict[str, Any]) -> None:
    published = {(name, port["target"]) for name, service in services.items() for port in service.get("ports", [])}
    assert set(compose.port_variables()) == published


def test_every_port_variable_is_in_the_example(services: dict[str, Any]) -> None:
    del services
    example = (ROOT / ".env.example").read_text()
    missing = [variable for variable in compose.port_variables().values() if f"#{variable}=" not in example]
    assert not missing


def test_every_store_has_a_volume(services: dict[str, Any]) -> None:
    without = [name for name in STORES if not any(volume["type"] == "volume" for volume in services[name]["volumes"])]
    assert not without


def test_the_collector_and_grafana_wait_for_a_healthy_loki(services: dict[str, Any]) -> None:
    for name in ("otel-collector", "grafana"):
        assert services[name]["depends_on"]["loki"]["condition"] == "service_healthy"


def test_jaegers_page_and_grafanas_links_follow_grafanas_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_PORT", "13000")
    moved = compose.project(every_profile=True)["services"]
    address = "http://localhost:13000/"
    assert moved["grafana"]["environment"]["GF_SERVER_ROOT_URL"] == address
    assert moved["jaeger"]["environment"]["GRAFANA_URL"] == address
    # What is replaced in Jaeger's file is what stands there.
    replaced = re.search(r"s\|([^|]+)\|\$\$GRAFANA_URL\|", " ".join(moved["jaeger"]["entrypoint"]))
    assert replaced
    assert f'"{replaced[1]}explore?' in (ROOT / "jaeger" / "ui.json").read_text()


def test_the_application_does_not_wait_for_the_stack(services: dict[str, Any]) -> None:
    for service in ServiceName:
        assert set(services[service.compose_service]["depends_on"]) == {"redis"}
        assert not services[service.compose_service].get("profiles")


def test_every_service_has_a_counterpart_from_source() -> None:
    from_source = yaml.compose(FROM_SOURCE_FILE.read_text())
    assert from_source is not None
    text = FROM_SOURCE_FILE.read_text()
    base = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    pulled_or_built = [
        name for name, service in base.items() if service.get("pull_policy") != "never" or "build" in service
    ]
    missing = [name for name in pulled_or_built if not re.search(rf"^  {name}:", text, re.MULTILINE)]
    assert not missing


def test_one_service_builds_the_applications_image_and_no_registry_is_asked_for_it(services: dict[str, Any]) -> None:
    users = {name: service for name, service in services.items() if service["image"] == compose.APPLICATION_IMAGE}
    assert set(users) == {*(service.compose_service for service in ServiceName), "volumes"}
    assert [name for name, service in users.items() if "build" in service] == ["backend"]
    assert {service["pull_policy"] for service in users.values()} == {"never"}


def test_everything_that_runs_comes_back_after_the_engine_was_killed(services: dict[str, Any]) -> None:
    """With `unless-stopped` an engine that was killed leaves down what it stopped itself at its next start."""
    assert {service["restart"] for name, service in services.items() if name != "volumes"} == {"always"}


def test_compose_warns_of_nothing() -> None:
    result = subprocess.run(
        [*compose.command(), "--profile", "*", "config", "--quiet"],
        cwd=ROOT,
        env=compose.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr == ""

"""Every component runs, is watched, and is locked down as docker-compose.yml promises."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from stack.docker import compose, containers, inspect
from stack.docker.endpoints import Endpoints
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.support.eventually import eventually

MIB = 1024 * 1024
# The Collector takes records a second after its start; what it says later is about its neighbours.
START_UP = timedelta(seconds=5)


@pytest.fixture(scope="module")
def inspected() -> dict[str, dict[str, Any]]:
    """Compose service → what the engine says of its container."""
    names = {container["Service"]: container["Name"] for container in containers.listed()}
    return dict(zip(names, inspect.inspected([*names.values()]), strict=True))


def test_every_service_is_running_and_healthy(inspected: dict[str, dict[str, Any]]) -> None:
    states = {name: container["State"] for name, container in inspected.items()}
    assert states.pop("volumes")["ExitCode"] == 0
    not_running = {name: state["Status"] for name, state in states.items() if state["Status"] != "running"}
    assert not not_running
    health = {name: state["Health"]["Status"] for name, state in states.items() if "Health" in state}
    assert set(health.values()) == {"healthy"}, health
    assert set(states) - set(health) == {"otel-collector"}, "only the Collector can't ask itself"


def test_every_project_service_has_a_container(inspected: dict[str, dict[str, Any]]) -> None:
    assert set(inspected) == set(compose.project()["services"])


def test_no_container_runs_as_root_or_writes_its_root_or_keeps_a_capability(
    inspected: dict[str, dict[str, Any]],
) -> None:
    for name, container in inspected.items():
        host = container["HostConfig"]
        assert container["Config"]["User"].split(":")[0] not in {"", "0", "root"}, name
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"], name


def test_every_container_is_bounded_in_memory_processes_and_logs(
    inspected: dict[str, dict[str, Any]],
) -> None:
    for name, container in inspected.items():
        host = container["HostConfig"]
        assert host["Memory"] > 0, name
        assert host["LogConfig"]["Config"].keys() >= {"max-size", "max-file"}, name
    assert inspected["loki"]["HostConfig"]["Memory"] == 256 * MIB


def test_every_port_listens_on_loopback_only(inspected: dict[str, dict[str, Any]]) -> None:
    bindings = [
        (name, binding["HostIp"])
        for name, container in inspected.items()
        for published in container["HostConfig"]["PortBindings"].values()
        for binding in published
    ]
    assert {ip for _, ip in bindings} == {"127.0.0.1"}, bindings


def test_every_component_is_scraped(victoria_metrics: VictoriaMetrics) -> None:
    expected = {"loki", "otel-collector", "jaeger", "victoria-metrics"}
    eventually(
        lambda: {series["metric"]["job"] for series in victoria_metrics.query("up == 1")},
        expected.issubset,
        sent="scrape configuration",
        components=("victoria-metrics",),
        within=60,
    )


def test_the_collector_is_healthy_and_started_without_a_warning(
    at: Endpoints, inspected: dict[str, dict[str, Any]]
) -> None:
    requests.get(at.otel_collector_health, timeout=5).raise_for_status()
    started = inspected["otel-collector"]["State"]["StartedAt"]
    ready = datetime.fromisoformat(started[:19]) + START_UP
    window = ("--since", started, "--until", f"{ready.isoformat()}Z")
    printed = compose.compose("logs", "--no-color", "--no-log-prefix", *window, "otel-collector").stdout
    levels = {json.loads(line)["level"] for line in printed.splitlines() if line.startswith("{")}
    assert not levels & {"warn", "error"}, printed

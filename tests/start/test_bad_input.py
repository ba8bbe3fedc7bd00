"""Bad input ends in one clear message and exit code 1, and touches nothing that runs."""

import socket
from pathlib import Path

import pytest

from stack.docker import containers
from tests.support.stack_command import run_stack

BROKEN = {
    "loki/loki-config.yaml": ("retention_period: 720h", "retention_period: a month"),
    "otel-collector-config.yaml": ("check_interval:", "check_intervall:"),
    "otel-collector/repair.yaml": ("error_mode: ignore", "error_mode: shrug"),
    "victoria-metrics/scrape.yaml": ("scrape_interval: 15s", "scrape_intervall: 15s"),
    "jaeger/ui.json": ("{", "{{"),
    "docker-compose.yml": ("mem_limit: 256m", "mem_limit: [much]"),
}


@pytest.mark.parametrize("file", BROKEN)
def test_a_broken_configuration_is_named_and_once_mended_accepted(file: str, copy: Path) -> None:
    right, wrong = BROKEN[file]
    whole = (copy / file).read_text()
    assert right in whole
    (copy / file).write_text(whole.replace(right, wrong, 1))

    broken = run_stack("check", checkout=copy)

    assert broken.returncode == 1
    assert file.rsplit("/", 1)[-1] in broken.stderr
    assert "remedy:" in broken.stderr
    assert "Traceback" not in broken.stderr

    (copy / file).write_text(whole)
    assert run_stack("check", checkout=copy).returncode == 0


def test_a_port_in_use_is_named_with_its_variable_and_nothing_is_touched() -> None:
    before = {container["ID"] for container in containers.listed()}
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        result = run_stack("up", variables={"LOKI_PORT": str(taken)})

    assert result.returncode == 1
    assert f"127.0.0.1:{taken} (loki)" in result.stderr
    assert "LOKI_PORT=" in result.stderr
    assert {container["ID"] for container in containers.listed()} == before


def test_a_setting_that_does_not_exist_is_named_with_those_that_do() -> None:
    result = run_stack("up", variables={"STACK_IMAGES": "podman"})

    assert result.returncode == 1
    assert "STACK_IMAGES=podman" in result.stderr
    assert "from-source" in result.stderr


@pytest.mark.parametrize(
    ("chosen", "told"),
    [("pager", "one of alertmanager, email, off, slack, webhook"), ("webhook", "ALERT_WEBHOOK_URL")],
)
def test_a_contact_point_that_grafana_would_not_start_with_is_told_before_anything_starts(
    chosen: str, told: str
) -> None:
    result = run_stack("up", variables={"ALERT_CONTACT_POINT": chosen})

    assert result.returncode == 1
    assert f"ALERT_CONTACT_POINT={chosen}" in result.stderr
    assert told in result.stderr


def test_a_missing_env_file_is_written(copy: Path) -> None:
    """As far as the first rung that fails on purpose: a second stack would need a second set of ports."""
    (copy / ".env").unlink()

    with socket.create_server(("127.0.0.1", 0)) as server:
        other = {"LOKI_PORT": str(server.getsockname()[1]), "COMPOSE_PROJECT_NAME": "no-env"}
        result = run_stack("up", checkout=copy, variables=other)

    assert result.returncode == 1, "the taken port ends it"
    written = (copy / ".env").read_text()
    assert "GRAFANA_ADMIN_PASSWORD=" in written

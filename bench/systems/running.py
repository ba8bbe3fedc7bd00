"""One system at a time, alone, in a Compose project of its own that is gone with its data afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import requests

from bench.systems.compared import System
from bench.systems.containers import Containers
from bench.systems.page_cache import as_after_reboot
from stack.docker import compose, compose_files
from stack.failure import StepError
from stack.process import last_lines, run
from stack.stores.loki import Loki
from stack.stores.otlp_http import post
from stack.waiting import wait_until

PROJECT = "bench"
# Beside the defaults, which the stack in use may hold, and below the ports that the kernel gives to clients.
PORTS = {
    "BACKEND_PORT": 23800,
    "GRAFANA_PORT": 23300,
    "JAEGER_PORT": 23686,
    "JAEGER_ADMIN_PORT": 23269,
    "LOKI_PORT": 23100,
    "OTLP_GRPC_PORT": 23317,
    "OTLP_HTTP_PORT": 23318,
    "OTEL_COLLECTOR_HEALTH_PORT": 23133,
    "OTEL_COLLECTOR_METRICS_PORT": 23888,
    "VICTORIA_METRICS_PORT": 23428,
}
START_WITHIN_SECONDS = 120


@dataclass(frozen=True)
class Running:
    """A system that runs."""

    system: System
    containers: Containers
    loki: Loki = field(default_factory=lambda: Loki(f"http://127.0.0.1:{PORTS['LOKI_PORT']}"))
    collector_metrics: str = f"http://127.0.0.1:{PORTS['OTEL_COLLECTOR_METRICS_PORT']}"

    @property
    def has_collector(self) -> bool:
        """Whether lines go through a Collector; else they go to Loki directly."""
        return "otel-collector" in self.system.services

    @property
    def has_loki(self) -> bool:
        """Whether lines are stored at all."""
        return "loki" in self.system.services

    @property
    def logs_url(self) -> str:
        """Where OTLP log records go."""
        if self.has_collector:
            return f"http://127.0.0.1:{PORTS['OTLP_HTTP_PORT']}/v1/logs"
        return f"{self.loki.url}/otlp/v1/logs"

    def loki_answers(self) -> bool:
        """Whether Loki says that it is ready."""
        return _answers(f"{self.loki.url}/ready")


@contextmanager
def running(system: System) -> Iterator[Running]:
    """Start `system` from nothing stored, as after a reboot, and remove all of it afterwards.

    Raises:
        StepError: it did not start.

    """
    _compose(system, "down", "--volumes", "--timeout", "2")
    with as_after_reboot():
        try:
            _compose(system, "up", "--detach", *system.services)
            started = Running(system, Containers(PROJECT))
            _wait_until_ready(started)
            yield started
        finally:
            _compose(system, "down", "--volumes", "--timeout", "2")


def environment(system: System) -> dict[str, str]:
    """The environment in which Compose, and `make up`, mean `system` instead of the stack in use."""
    return {
        **os.environ,
        "COMPOSE_PROJECT_NAME": PROJECT,
        "COMPOSE_FILE": ":".join(system.files),
        "COMPOSE_PROFILES": ",".join([compose_files.PROFILE, *system.services]),
        **{name: str(port) for name, port in PORTS.items()},
        **system.variables,
    }


def _compose(system: System, *arguments: str) -> None:
    result = run([*compose.command(), *arguments], env=environment(system))
    if result.returncode != 0:
        raise StepError(
            f"{arguments[0]} of the configuration {system.name!r}",
            last_lines(result.stdout, 5),
            f"Free its ports ({PORTS['LOKI_PORT']} and the like) if one is taken, then measure again.",
        )


def _wait_until_ready(started: Running) -> None:
    def ready() -> bool:
        return (
            (started.loki_answers() or not started.has_loki)
            and (_answers(f"{started.collector_metrics}/metrics") or not started.has_collector)
            and _listens(started.logs_url)
        )

    if not wait_until(ready, bool, within_seconds=START_WITHIN_SECONDS):
        raise StepError(
            f"start of the configuration {started.system.name!r}",
            f"not ready within {START_WITHIN_SECONDS} s",
            f"`docker logs {PROJECT}-loki-1` says why.",
        )


def _listens(url: str) -> bool:
    """Whether log records are taken already; a Collector shows its own metrics before that."""
    try:
        status = post(url, b"", timeout=2).status_code
    except requests.RequestException:
        return False
    return status < HTTPStatus.INTERNAL_SERVER_ERROR


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False

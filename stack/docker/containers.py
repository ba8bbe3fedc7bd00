"""The project's containers: which run, stopping and starting them, waiting until they are well again."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from stack.docker import compose
from stack.docker.inspect import inspected
from stack.failure import StepError
from stack.process import last_lines, run
from stack.waiting import wait_until

# Loki's worst start takes 30 s (docs/reliability.md), and its health is looked at every 30 s.
HEALTHY_WITHIN_SECONDS = 120.0


def listed() -> list[dict[str, Any]]:
    """The project's containers as Compose lists them, ended ones included."""
    listing = compose.compose("ps", "--all", "--format", "json").stdout
    return [json.loads(line) for line in listing.splitlines() if line.startswith("{")]


def published_ports() -> set[int]:
    """The ports of this machine that containers of the project publish right now."""
    return {publisher["PublishedPort"] for container in listed() for publisher in container["Publishers"] or ()}


def running() -> dict[str, list[str]]:
    """Service → ids of its containers that run."""
    ids: dict[str, list[str]] = {}
    for container in listed():
        if container["State"] in {"running", "restarting", "paused"}:
            ids.setdefault(container["Service"], []).append(container["ID"])
    return ids


def wait_until_healthy(services: dict[str, list[str]]) -> None:
    """Return once the containers of `services` run, and say themselves that they are well.

    Raises:
        StepError: names those that are not after HEALTHY_WITHIN_SECONDS.

    """
    ids = [container for service in services.values() for container in service]
    unhealthy = wait_until(lambda: _unhealthy(ids), lambda left: not left, within_seconds=HEALTHY_WITHIN_SECONDS)
    if unhealthy:
        raise StepError(
            "starting again",
            f"the data is in place, but not healthy after {HEALTHY_WITHIN_SECONDS:g} s: {', '.join(unhealthy)}",
            "`make doctor` says more.",
        )


def stop(*containers: Sequence[str]) -> None:
    """Stop containers, each given the time that stop_grace_period in docker-compose.yml grants; raises StepError."""
    _docker("stop", containers)


def start(*containers: Sequence[str]) -> None:
    """Start containers that were stopped, in this order; raises StepError."""
    _docker("start", containers)


def pause(*containers: Sequence[str]) -> None:
    """Hold the processes of containers where they are; who talks to them waits. Raises StepError."""
    _docker("pause", containers)


def unpause(*containers: Sequence[str]) -> None:
    """Let the processes of held containers go on; raises StepError."""
    _docker("unpause", containers)


def _docker(command: str, containers: Iterable[Sequence[str]]) -> None:
    ids = [container for service in containers for container in service]
    if not ids:
        return
    result = run(["docker", command, *ids])
    if result.returncode != 0:
        raise StepError(f"docker {command}", last_lines(result.stdout, 5), "`make up` starts everything again.")


def _unhealthy(ids: list[str]) -> list[str]:
    return [
        container["Name"].lstrip("/")
        for container in inspected(ids)
        if container["State"]["Status"] != "running"
        or container["State"].get("Health", {"Status": "healthy"})["Status"] != "healthy"
    ]

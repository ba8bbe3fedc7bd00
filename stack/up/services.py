"""The services: started, restarted where their configuration has changed, and waited for until each is healthy."""

from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from stack.docker import compose, containers
from stack.docker.endpoints import endpoints
from stack.docker.inspect import inspected
from stack.failure import StepError
from stack.process import last_lines
from stack.terminal import Report
from stack.waiting import wait_until

# Loki is ready again within 30 s after the worst crash (docs/reliability); then everything behind it starts.
START_TIMEOUT_SECONDS = 180


def start(report: Report) -> None:
    """Start every service and wait until each is healthy, the Collector included.

    Raises:
        StepError: names the container that did not come up, with its last log lines.

    """
    for service in outdated_services():
        report(f"restarting {service}: its configuration has changed")
        compose.compose("restart", service)
    report("starting the services")
    result = compose.compose("up", "--detach", "--wait", "--wait-timeout", str(START_TIMEOUT_SECONDS))
    if result.returncode != 0:
        raise _start_failure(result.stdout)
    _wait_for_collector()


def outdated_services() -> list[str]:
    """Running services with a mounted file that is newer than their start: Compose looks at the path, not into it."""
    mounted = {
        name: [Path(mount["source"]) for mount in service.get("volumes", []) if mount["type"] == "bind"]
        for name, service in compose.project()["services"].items()
    }
    running = [container for container in containers.listed() if container["State"] == "running"]
    started = map(_started, inspected([container["ID"] for container in running]))
    return [
        container["Service"]
        for container, at in zip(running, started, strict=True)
        if any(file.is_file() and file.stat().st_mtime > at for file in mounted.get(container["Service"], ()))
    ]


def _started(description: dict[str, Any]) -> float:
    """Seconds since 1970 at which a container was started last."""
    return datetime.fromisoformat(f"{description['State']['StartedAt'][:19]}+00:00").timestamp()


def _wait_for_collector() -> None:
    """The Collector's image can't ask itself (docker-compose.yml says why), so it is asked from here."""
    error = wait_until(_collector_error, lambda error: error is None, within_seconds=30)
    if error is not None:
        raise _start_failure(f"otel-collector: {error}") from error


def _collector_error() -> requests.RequestException | None:
    """Why the Collector is not ready; None when it is."""
    try:
        requests.get(endpoints().otel_collector_health, timeout=2).raise_for_status()
    except requests.RequestException as error:
        return error
    return None


def _start_failure(output: str) -> StepError:
    broken = [
        container["Service"]
        for container in containers.listed()
        if container["State"] in {"restarting", "dead"}
        or container["Health"] == "unhealthy"
        or (container["State"] == "exited" and container["ExitCode"] != 0)
    ]
    logs = [last_lines(compose.compose("logs", "--no-color", "--tail", "8", name).stdout, 8) for name in broken]
    return StepError(
        f"starting {', '.join(broken) or 'the services'}",
        "\n".join([last_lines(output, 3), *logs]),
        "Mend what the lines above complain about, then `make up` again; nothing stored is lost.",
    )

"""Published ports: whether they are free, and which variable moves one that is not."""

import re
import socket
from dataclasses import dataclass
from typing import Any

from stack.docker import compose
from stack.failure import StepError
from stack.process import run


@dataclass(frozen=True)
class Port:
    """A port of a service as docker-compose.yml publishes it on this machine."""

    service: str
    target: int
    host_ip: str
    published: int


def published(project: dict[str, Any]) -> list[Port]:
    """All published ports of the services that Compose would start."""
    return [
        Port(name, int(port["target"]), port["host_ip"], int(port["published"]))
        for name, service in project["services"].items()
        for port in service.get("ports", [])
    ]


def ensure_free(ports: list[Port], held_by_us: set[int]) -> None:
    """Check that every port can be bound; those in `held_by_us` are published by our own containers already.

    Raises:
        StepError: names each taken port, who holds it where that can be seen, and the variable that moves it.

    """
    taken = [port for port in ports if port.published not in held_by_us and not _can_bind(port)]
    if not taken:
        return
    variables = compose.port_variables()
    described = [f"{port.host_ip}:{port.published} ({port.service}){_holder(port.published)}" for port in taken]
    moved = [f"{variables[port.service, port.target]}={port.published + 10000}" for port in taken]
    raise StepError(
        "checking the ports",
        "already in use: " + ", ".join(described),
        f"Stop what listens there, or move ours: write {' and '.join(moved)} into .env. Then `make up`.",
    )


def _can_bind(port: Port) -> bool:
    with socket.socket() as probe:
        # As Docker's own proxy binds it: a connection that is only closing down is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host_ip, port.published))
        except OSError:
            return False
        return True


def _holder(number: int) -> str:
    listing = run(["ss", "-Hltnp", f"sport = :{number}"], timeout=5).stdout
    match = re.search(r'users:\(\("([^"]+)",pid=(\d+)', listing)
    return f", held by {match[1]} (pid {match[2]})" if match else ""

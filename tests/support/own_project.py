"""A Compose project of its own beside the one of `make up`: other names, other volumes, free ports."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from stack.docker import compose, compose_files
from stack.docker.endpoints import endpoints

# Below those that the kernel gives to clients: one of them may take a port while what listens there starts again.
PORTS = range(20_000, 32_768)


@contextmanager
def own_project(
    name: str, *overrides: Path, ports: Iterable[str] = (), variables: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Let Compose, and all that asks it, see the project `name` until the end; its volumes go with it.

    `overrides` are further Compose files on top of those of `make up`. They find a free port in each variable of
    `ports`, as docker-compose.yml does in its own, and `variables` as they are.
    """
    files = [*compose_files.in_force(), *map(str, overrides)]
    with pytest.MonkeyPatch.context() as environment:
        own = {
            "COMPOSE_PROJECT_NAME": name,
            "COMPOSE_FILE": ":".join(files),
            **_free_ports([*compose.port_variables().values(), *ports]),
            **(variables or {}),
        }
        for variable, value in own.items():
            environment.setenv(variable, value)
        endpoints.cache_clear()
        try:
            yield
        finally:
            run_compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
            endpoints.cache_clear()


def run_compose(*arguments: str) -> str:
    """What Compose prints; it has to succeed."""
    result = compose.compose(*arguments, timeout=240)
    assert result.returncode == 0, result.stdout
    return result.stdout


def up(*services: str) -> None:
    """Start services, all of them by default, and wait until they are healthy."""
    run_compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "180", *services)


def _free_ports(variables: Iterable[str]) -> dict[str, str]:
    # All are held until the last is known, so that none comes twice.
    with ExitStack() as held:
        free = (str(port) for port in PORTS if _is_free(port, held))
        return dict(zip(variables, free, strict=False))


def _is_free(port: int, held: ExitStack) -> bool:
    with suppress(OSError):
        held.enter_context(socket.create_server(("127.0.0.1", port)))
        return True
    return False

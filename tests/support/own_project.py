"""A Compose project of its own beside the one of `make up`: other names, other volumes, free ports."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack.docker import compose, compose_files
from stack.docker.endpoints import endpoints
from tests.support.free_ports import free_ports
from tests.support.one_run import only_run_with


@contextmanager
def own_project(
    name: str, *overrides: Path, ports: Iterable[str] = (), variables: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Let Compose, and all that asks it, see the project `name` until the end; its volumes go with it.

    `overrides` are further Compose files on top of those of `make up`. They find a free port in each variable of
    `ports`, as docker-compose.yml does in its own, and `variables` as they are.
    """
    files = [*compose_files.in_force(), *map(str, overrides)]
    moved = [*compose.port_variables().values(), *ports]
    with only_run_with(name), pytest.MonkeyPatch.context() as environment, free_ports(len(moved)) as free:
        own = {
            "COMPOSE_PROJECT_NAME": name,
            "COMPOSE_FILE": ":".join(files),
            **dict(zip(moved, map(str, free), strict=True)),
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

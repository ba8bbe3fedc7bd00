"""A Compose project of its own beside the one of `make up`: other names, other volumes, free ports."""

import os
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from stack import compose, environment_file
from stack.endpoints import endpoints


@contextmanager
def own_project(name: str, *overrides: Path) -> Iterator[None]:
    """Let Compose, and all that asks it, see the project `name` until the end; its volumes go with it.

    `overrides` are further Compose files on top of those of `make up`.
    """
    compose_files = _compose_files()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMPOSE_PROJECT_NAME", name)
        environment.setenv("COMPOSE_FILE", ":".join([*compose_files, *map(str, overrides)]))
        for variable, port in _free_ports(compose.port_variables().values()).items():
            environment.setenv(variable, str(port))
        endpoints.cache_clear()
        try:
            yield
        finally:
            run_compose("--profile", "*", "down", "--volumes", "--remove-orphans")
            endpoints.cache_clear()


def run_compose(*arguments: str) -> str:
    """What Compose prints; it has to succeed."""
    result = compose.compose(*arguments, timeout=180)
    assert result.returncode == 0, result.stdout
    return result.stdout


def up(*services: str) -> None:
    """Start services, all of them by default, and wait until they are healthy."""
    run_compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "120", *services)


def docker(*arguments: str) -> str:
    """What the engine's client prints; it has to succeed."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def _compose_files() -> list[str]:
    from_make_up = environment_file.read().get("COMPOSE_FILE", "docker-compose.yml")
    return os.environ.get("COMPOSE_FILE", from_make_up).split(":")


def _free_ports(variables: Iterable[str]) -> dict[str, int]:
    # All are held until the last is known, so that none comes twice.
    with ExitStack() as held:
        probes = {variable: held.enter_context(socket.create_server(("127.0.0.1", 0))) for variable in variables}
        return {variable: probe.getsockname()[1] for variable, probe in probes.items()}

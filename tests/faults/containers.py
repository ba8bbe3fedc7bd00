"""The stack's containers as a fault meets them: from the host, below Compose."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack import ladder
from stack.inspection import inspected
from stack.process import run


@dataclass(frozen=True)
class State:
    """A container as the engine describes it."""

    running: bool
    pid: int
    restarts: int
    oom_killed: bool


class Containers:
    """The containers of the project that COMPOSE_PROJECT_NAME names."""

    def __init__(self) -> None:
        self._ids = {c["Service"]: c["ID"] for c in ladder.containers() if c["State"] == "running"}

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that keeps running."""
        return tuple(self._ids)

    def states(self) -> dict[str, State]:
        """Every container's state."""
        return {
            service: State(
                described["State"]["Running"],
                described["State"]["Pid"],
                described["RestartCount"],
                described["State"]["OOMKilled"],
            )
            for service, described in zip(self._ids, self._inspect(*self._ids), strict=True)
        }

    def kill(self, *services: str) -> None:
        """Kill -9 the first process of each, as the kernel would: `docker kill` counts as a stop by hand."""
        for described in self._inspect(*services):
            os.kill(described["State"]["Pid"], signal.SIGKILL)

    @contextmanager
    def paused(self, service: str) -> Iterator[None]:
        """Freeze every process of the service."""
        _docker("pause", self._ids[service])
        try:
            yield
        finally:
            _docker("unpause", self._ids[service])

    @contextmanager
    def cut_off(self, service: str) -> Iterator[None]:
        """Take the service off its network; it comes back under the same name."""
        [described] = self._inspect(service)
        [network] = described["NetworkSettings"]["Networks"]
        _docker("network", "disconnect", network, self._ids[service])
        try:
            yield
        finally:
            _docker("network", "connect", "--alias", service, network, self._ids[service])

    @contextmanager
    def squeezed(self, service: str) -> Iterator[None]:
        """Leave the service hardly more memory than it uses at this moment."""
        [described] = self._inspect(service)
        before = described["HostConfig"]["Memory"]
        # The kernel refuses a limit below what it can't take away.
        next(limit for limit in range(before // 4, before, before // 32) if self._limit_memory(service, limit))
        try:
            yield
        finally:
            self._limit_memory(service, before)

    def _limit_memory(self, service: str, limit: int) -> bool:
        command = ["docker", "update", "--memory", str(limit), "--memory-swap", str(limit), self._ids[service]]
        return run(command, timeout=60).returncode == 0

    def volume(self, service: str, target: str) -> Path:
        """Where this machine has the volume that the service sees at `target`."""
        [described] = self._inspect(service)
        return next(Path(mount["Source"]) for mount in described["Mounts"] if mount["Destination"] == target)

    def _inspect(self, *services: str) -> list[dict[str, Any]]:
        return inspected([self._ids[name] for name in services])


def _docker(*arguments: str) -> None:
    result = run(["docker", *arguments], timeout=60)
    if result.returncode != 0:
        raise RuntimeError(f"docker {' '.join(arguments)}: {result.stdout}")

"""What a fault does to the stack's containers, and the state that it leaves them in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.systems.project_containers import ProjectContainers
from stack.docker import compose
from stack.process import run


@dataclass(frozen=True)
class State:
    """A container as the engine describes it."""

    running: bool
    pid: int
    restarts: int
    oom_killed: bool


class Containers(ProjectContainers):
    """The containers of the project that COMPOSE_PROJECT_NAME names."""

    def __init__(self) -> None:
        super().__init__(compose.project()["name"])

    def states(self) -> dict[str, State]:
        """Every container's state."""
        return {
            service: State(
                described["State"]["Running"],
                described["State"]["Pid"],
                described["RestartCount"],
                described["State"]["OOMKilled"],
            )
            for service, described in zip(self.ids, self.described(*self.ids), strict=True)
        }

    @contextmanager
    def paused(self, service: str) -> Iterator[None]:
        """Freeze every process of the service."""
        _docker("pause", self.ids[service])
        try:
            yield
        finally:
            _docker("unpause", self.ids[service])

    @contextmanager
    def cut_off(self, service: str) -> Iterator[None]:
        """Take the service off its network; it comes back under the same name."""
        [described] = self.described(service)
        [network] = described["NetworkSettings"]["Networks"]
        _docker("network", "disconnect", network, self.ids[service])
        try:
            yield
        finally:
            _docker("network", "connect", "--alias", service, network, self.ids[service])

    @contextmanager
    def squeezed(self, service: str) -> Iterator[None]:
        """Leave the service three eighths of its memory, or what it uses at this moment if that is more."""
        [described] = self.described(service)
        before = described["HostConfig"]["Memory"]
        # The kernel refuses a limit below what it can't take away.
        least = before * 3 // 8
        next(limit for limit in range(least, before, before // 32) if self._limit_memory(service, limit))
        try:
            yield
        finally:
            self._limit_memory(service, before)

    def _limit_memory(self, service: str, limit: int) -> bool:
        command = ["docker", "update", "--memory", str(limit), "--memory-swap", str(limit), self.ids[service]]
        return run(command, timeout=60).returncode == 0


def _docker(*arguments: str) -> None:
    result = run(["docker", *arguments], timeout=60)
    if result.returncode != 0:
        raise RuntimeError(f"docker {' '.join(arguments)}: {result.stdout}")

"""What a project's containers use, as the engine measures it."""

import json
import subprocess
import threading
from dataclasses import dataclass
from types import TracebackType

from bench.systems.project_containers import ProjectContainers
from stack.units import MIB

ENGINE_SOCKET = "/var/run/docker.sock"


@dataclass(frozen=True)
class Usage:
    """What a container has used at one moment."""

    cpu_seconds: float
    memory_mib: float
    """As `docker stats` counts it: without the file cache that the kernel can take back."""


class Containers(ProjectContainers):
    """A project's containers, and what they use."""

    def usage(self) -> dict[str, Usage]:
        """What each uses right now; nothing for one that is down."""
        measured = {service: _usage(container) for service, container in self.ids.items()}
        return {service: usage for service, usage in measured.items() if usage}


class PeakMemory:
    """The most memory that each container was seen with, in MiB, sampled four times a second inside `with`."""

    def __init__(self, containers: Containers) -> None:
        self.mib: dict[str, float] = {}
        self._containers = containers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(0.25):
            for service, usage in self._containers.usage().items():
                self.mib[service] = max(self.mib.get(service, 0.0), usage.memory_mib)


def _usage(container: str) -> Usage | None:
    # The engine's API knows where this machine's cgroups are; `docker stats` would take two seconds a call.
    url = f"http://localhost/containers/{container}/stats?stream=false&one-shot=true"
    answer = subprocess.run(
        ["curl", "--silent", "--unix-socket", ENGINE_SOCKET, url],
        capture_output=True,
        text=True,
        check=False,
    )
    stats = json.loads(answer.stdout or "{}")
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return None
    reclaimable = memory["stats"].get("total_inactive_file", memory["stats"].get("inactive_file", 0))
    return Usage(
        cpu_seconds=stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9,
        memory_mib=(memory["usage"] - reclaimable) / MIB,
    )

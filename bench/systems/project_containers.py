"""A Compose project's containers as a fault or a measurement meets them: from the host, below Compose."""

import os
import signal
from pathlib import Path
from typing import Any

from stack.docker.inspect import container_ids, inspected


class ProjectContainers:
    """The containers of `project` that run now, by the names of their services."""

    def __init__(self, project: str) -> None:
        running = container_ids(f"label=com.docker.compose.project={project}", "status=running")
        self.ids = {
            container["Config"]["Labels"]["com.docker.compose.service"]: container["Id"]
            for container in inspected(running)
        }

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that keeps running."""
        return tuple(self.ids)

    def described(self, *services: str) -> list[dict[str, Any]]:
        """What the engine says of them, in their order."""
        return inspected([self.ids[service] for service in services])

    def kill(self, *services: str) -> None:
        """Kill -9 the first process of each, as the kernel would: `docker kill` counts as a stop by hand.

        Raises:
            PermissionError: only root may.

        """
        for container in self.described(*services):
            os.kill(container["State"]["Pid"], signal.SIGKILL)

    def restarts(self) -> dict[str, int]:
        """How often the engine has started each again."""
        return {
            service: container["RestartCount"]
            for service, container in zip(self.ids, self.described(*self.ids), strict=True)
        }

    def volume(self, service: str, target: str) -> Path:
        """Where this machine has the volume that the service sees at `target`."""
        [container] = self.described(service)
        return next(Path(mount["Source"]) for mount in container["Mounts"] if mount["Destination"] == target)

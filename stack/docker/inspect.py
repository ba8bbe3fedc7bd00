"""What the Docker Engine says of itself, of images and of containers."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stack.failure import StepError
from stack.process import last_lines, run

# An engine that builds images meanwhile answers late; one that hangs never does.
_TIMEOUT_SECONDS = 60.0


def ask_version() -> subprocess.CompletedProcess[str]:
    """What the engine answers when it is asked for its version; a failed program where none answers."""
    return run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=20)


def engine_answers() -> bool:
    """Whether a Docker Engine answers right now."""
    return ask_version().returncode == 0


def image_id(image: str) -> str | None:
    """The id of the image with this name; None when this machine has none."""
    answer = run(["docker", "image", "inspect", "--format", "{{.Id}}", image], timeout=_TIMEOUT_SECONDS)
    return answer.stdout.strip() if answer.returncode == 0 else None


def engine_folder() -> Path:
    """Where the engine keeps images, containers and volumes.

    Raises:
        StepError: the engine can't be asked.

    """
    return Path(_ask("info", "--format", "{{.DockerRootDir}}").strip())


def container_ids(*filters: str) -> list[str]:
    """The ids of all containers, ended ones included, that match every filter as `docker ps` knows them.

    Raises:
        StepError: the engine can't be asked.

    """
    given = [argument for each in filters for argument in ("--filter", each)]
    return _ask("ps", "--all", "--quiet", "--no-trunc", *given).split()


def inspected(containers: Sequence[str]) -> list[dict[str, Any]]:
    """Everything about containers, given by id or name, in their order.

    Raises:
        StepError: the engine can't be asked, or has no such container.

    """
    if not containers:
        return []
    answer: list[dict[str, Any]] = json.loads(_ask("inspect", "--type", "container", *containers))
    return answer


def _ask(*arguments: str) -> str:
    result = run(["docker", *arguments], timeout=_TIMEOUT_SECONDS)
    if result.returncode != 0:
        raise StepError(
            "asking the Docker Engine",
            last_lines(result.stdout, 2),
            "Start it (`make up` does), then try again.",
        )
    return result.stdout

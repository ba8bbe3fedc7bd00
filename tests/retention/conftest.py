"""What these tests need: the images of `make up`. Each store runs as docker-compose.yml has it, in another project."""

from pathlib import Path
from typing import Any

import yaml

from stack.docker import compose


def write_override(file: Path, document: dict[str, Any]) -> Path:
    """A Compose file to be laid over those of `make up`."""
    file.write_text(yaml.safe_dump(document))
    return file


def command_of(service: str) -> list[str]:
    """The arguments that docker-compose.yml gives to a service."""
    arguments: list[str] = compose.project(every_profile=True)["services"][service]["command"]
    return arguments

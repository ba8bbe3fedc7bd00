"""Docker Compose: which one is used, and what the project looks like to it."""

import functools
import os
import re
import subprocess
from collections.abc import Sequence
from typing import Any

import yaml

from stack.docker import compose_files
from stack.failure import StepError
from stack.paths import COMPOSE_FILE, PINNED_COMPOSE, ROOT
from stack.process import last_lines, run

APPLICATION_IMAGE = "integr8scode/app:local"
# `!override`, which docker-compose.from-source.yml uses, came with 2.24.4.
OLDEST = (2, 24, 4)


@functools.cache
def command() -> tuple[str, ...]:
    """The Compose to call: the machine's own `docker compose` if it is new enough, else the pinned one of .venv.

    Raises:
        StepError: neither is there.

    """
    answer = run(["docker", "compose", "version", "--short"], timeout=20)
    if answer.returncode == 0 and _version(answer.stdout) >= OLDEST:
        return ("docker", "compose")
    if not PINNED_COMPOSE.exists():
        raise StepError(
            "Docker Compose",
            f"`docker compose` is missing or older than {'.'.join(map(str, OLDEST))}, and so is {PINNED_COMPOSE}",
            "Remove .venv and run `make up` again.",
        )
    return (str(PINNED_COMPOSE),)


def shown_command() -> str:
    """The Compose command as a person in the root of the checkout would type it."""
    return " ".join(part.removeprefix(f"{ROOT}/") for part in command())


def compose(*arguments: str, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    """Run Compose on this checkout's project; stdout and stderr are captured together."""
    return run([*command(), *arguments], timeout=timeout, env=environment())


def environment() -> dict[str, str]:
    """The environment for Compose: the files in force, and the profiles of the stack where none are named."""
    own = {"COMPOSE_FILE": compose_files.as_variable(), "COMPOSE_PROFILES": compose_files.profiles()}
    return {**own, **os.environ}


def project(*, every_profile: bool = False, files: Sequence[str] = ()) -> dict[str, Any]:
    """The project as Compose resolves it: files merged, those in force unless others are given, variables filled in.

    Raises:
        StepError: Compose refuses one of the files or a value of .env.

    """
    profiles = ("--profile", "*") if every_profile else ()
    given = [argument for file in files for argument in ("--file", file)]
    # Warnings (an unset variable) go to stderr and must not mix with the document.
    result = subprocess.run(
        [*command(), *given, *profiles, "config", "--format", "yaml"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise StepError(
            "reading the Compose files",
            last_lines(result.stderr, 5),
            "Mend the file or the value of .env that the message names, then try again.",
        )
    document: dict[str, Any] = yaml.safe_load(result.stdout)
    return document


def official_images() -> dict[str, str]:
    """Service → official image with its version, for every service that is not the application's own."""
    services = yaml.safe_load(COMPOSE_FILE.read_text())["services"].items()
    return {name: service["image"] for name, service in services if service["image"] != APPLICATION_IMAGE}


def images_to_pull() -> dict[str, str]:
    """Service → image that a registry is asked for, as the files in force name it; what they build is left out.

    Raises:
        StepError: Compose refuses one of the files or a value of .env.

    """
    services = project(every_profile=True, files=compose_files.of_official_images())["services"].items()
    return {
        name: service["image"]
        for name, service in services
        if "build" not in service and service.get("pull_policy") != "never"
    }


def port_variables() -> dict[tuple[str, int], str]:
    """(service, container port) → the variable that moves its published port, read from docker-compose.yml."""
    variables = {}
    for name, service in yaml.safe_load(COMPOSE_FILE.read_text())["services"].items():
        for port in service.get("ports", []):
            if match := re.fullmatch(r"127\.0\.0\.1:\$\{(\w+):-\d+\}:(\d+)", port):
                variables[name, int(match[2])] = match[1]
    return variables


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])

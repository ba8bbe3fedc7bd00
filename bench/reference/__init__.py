"""The configuration that this stack is compared with, started beside it for the length of a `with` block."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from stack import compose
from stack.failure import StepError
from stack.process import last_lines

_FILE = Path(__file__).parent / "docker-compose.yml"


@dataclass(frozen=True)
class Reference:
    """Base URLs of the reference's two components."""

    otlp_http: str = "http://127.0.0.1:24318"
    loki: str = "http://127.0.0.1:23100"


@contextmanager
def running() -> Iterator[Reference]:
    """Start the reference on the images of the stack, and remove it with its data afterwards.

    Raises:
        StepError: it did not start.

    """
    reference = Reference()
    try:
        _compose("up", "--detach")
        _wait_until_ready(reference)
        yield reference
    finally:
        _compose("down", "--volumes")


def _compose(*arguments: str) -> None:
    services = compose.project()["services"]
    # The stack's own .env names other Compose files: the file given here is the whole project.
    environment = {
        **os.environ,
        "LOKI_IMAGE": services["loki"]["image"],
        "OTEL_COLLECTOR_IMAGE": services["otel-collector"]["image"],
    }
    command = [*compose.command(), "--env-file", os.devnull, "--file", str(_FILE), *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StepError("the reference configuration", last_lines(result.stderr, 5), "Free its ports 23100 and 24318.")


def _wait_until_ready(reference: Reference) -> None:
    deadline = time.monotonic() + 120
    while not (_answers(f"{reference.loki}/ready") and _answers(reference.otlp_http)):
        if time.monotonic() > deadline:
            raise StepError("the reference configuration", "not ready within 120 s", "See its containers' logs.")
        time.sleep(0.5)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code in {200, 404}
    except requests.RequestException:
        return False

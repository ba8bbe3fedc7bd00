"""The application never depends on the stack: without the profile it runs, and logs to stdout."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from stack.docker import compose
from stack.paths import ROOT
from tests.support.backend import Backend

PROJECT = "integr8scode-alone"


def run_compose(*arguments: str, port: int = 0) -> str:
    """Run Compose on a project of its own, without any profile."""
    environment = {
        **os.environ,
        "COMPOSE_PROFILES": "",
        "COMPOSE_PROJECT_NAME": PROJECT,
        "BACKEND_PORT": str(port or 8000),
    }
    result = subprocess.run(
        [*compose.command(), *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def alone(free_port: int) -> Iterator[Backend]:
    """The application without the stack; its Collector's name leads nowhere."""
    try:
        run_compose("up", "--detach", "--wait", port=free_port)
        yield Backend(f"http://127.0.0.1:{free_port}")
    finally:
        run_compose("down", "--volumes")


def test_it_starts_works_and_logs_json_to_stdout(alone: Backend) -> None:
    services = set(run_compose("ps", "--services").split())
    assert "loki" not in services
    assert "otel-collector" not in services

    execution = alone.run("succeed")

    assert execution.state == "succeeded"
    printed = run_compose("logs", "--no-log-prefix", "--no-color", "result-processor").splitlines()
    lines = [json.loads(line) for line in printed]
    assert execution.execution_id in {line.get("execution_id") for line in lines}

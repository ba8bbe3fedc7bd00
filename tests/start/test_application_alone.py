"""The application never depends on the stack: without the profile it runs, and logs to stdout."""

import json
from collections.abc import Iterator

import pytest

from stack.docker.endpoints import endpoints
from tests.support.backend import Backend
from tests.support.own_project import own_project, run_compose, up


@pytest.fixture
def alone() -> Iterator[Backend]:
    """The application without the stack; its Collector's name leads nowhere."""
    with own_project("integr8scode-alone", variables={"COMPOSE_PROFILES": ""}):
        up()
        yield Backend(endpoints().backend)


def test_it_starts_works_and_logs_json_to_stdout(alone: Backend) -> None:
    services = set(run_compose("ps", "--services").split())
    assert "loki" not in services
    assert "otel-collector" not in services

    execution = alone.run("succeed")

    assert execution.state == "succeeded"
    printed = run_compose("logs", "--no-log-prefix", "--no-color", "result-processor").splitlines()
    lines = [json.loads(line) for line in printed]
    assert execution.execution_id in {line.get("execution_id") for line in lines}

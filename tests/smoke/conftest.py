"""What the smoke tests need: a running stack (`make up`), and executions driven through it once for all tests."""

import secrets
from collections.abc import Set

import pytest

from bench.load.otlp import Record, send_http_protobuf
from stack.docker.endpoints import Endpoints
from stack.stores.loki import Line, Loki
from tests.support.backend import Backend, Execution
from tests.support.eventually import eventually

# What a record passes on its way to being queryable.
PIPELINE = ("otel-collector", "loki")


@pytest.fixture
def marker() -> str:
    """A word that no other line has."""
    return f"smoke-{secrets.token_hex(8)}"


@pytest.fixture(scope="session")
def one_log_line(at: Endpoints, loki: Loki) -> str:
    """A line that is stored already."""
    record = Record("smoke-sender", f"one line {secrets.token_hex(8)}")
    send_http_protobuf(at.otlp_http, record)
    eventually(
        lambda: loki.lines(f'{{service_name="smoke-sender"}} |= `{record.event}`'), sent=record, components=PIPELINE
    )
    return record.body


@pytest.fixture(scope="session")
def succeeded(backend: Backend) -> Execution:
    """An execution that went well at the first attempt."""
    return backend.run("succeed")


@pytest.fixture(scope="session")
def retried(backend: Backend) -> Execution:
    """An execution whose pod was evicted once."""
    return backend.run("fail-1-times")


@pytest.fixture(scope="session")
def dead_lettered(backend: Backend) -> Execution:
    """An execution that failed until it was given up."""
    return backend.run("always-fail")


@pytest.fixture(scope="session")
def replayed(backend: Backend, succeeded: Execution) -> Execution:
    """The replay of an execution."""
    return backend.replay(succeeded)


def lines_of(loki: Loki, execution: Execution, services: Set[str]) -> list[Line]:
    """All lines of the execution, once each of `services` has written one."""
    found = f'|= `{execution.execution_id}` | json | execution_id="{execution.execution_id}"'
    return eventually(
        lambda: loki.lines(f'{{service_namespace="integr8scode"}} {found}'),
        lambda lines: {line.labels["service_name"] for line in lines} >= services,
        sent=execution,
        components=("backend", *PIPELINE),
    )

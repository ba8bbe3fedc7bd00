"""What links are followed on: a running stack (`make up`), and executions that together pass all seven services."""

import time

import orjson
import pytest

from app.core.service_names import ServiceName
from stack.audit import container_logs
from stack.audit.container_logs import Container
from stack.docker import compose
from stack.docker.endpoints import Endpoints
from stack.stores.loki import Line, Loki
from stack.stores.victoria_metrics import VictoriaMetrics
from stack.time_range import NS_PER_SECOND, Window
from tests.support.backend import Backend, Execution
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger, Trace
from tests.support.stored_metrics import wait_for_every_service

PIPELINE = ("otel-collector", "loki", "jaeger")
# More than both executions and the wait for their lines may take.
EXECUTION_NS = 5 * 60 * NS_PER_SECOND


@pytest.fixture(scope="session")
def executions(at: Endpoints) -> list[Execution]:
    """One that was given up, and its replay: together they pass every service."""
    backend = Backend(at.backend)
    given_up = backend.run("always-fail")
    return [given_up, backend.replay(given_up)]


@pytest.fixture(scope="session")
def lines(loki: Loki, executions: list[Execution]) -> list[Line]:
    """Every line of their traces."""
    given_up, replay = executions
    return [
        *lines_of(loki, given_up, set(ServiceName) - {ServiceName.EVENT_REPLAY}),
        *lines_of(loki, replay, set(ServiceName)),
    ]


@pytest.fixture(scope="session")
def traces(jaeger: Jaeger, executions: list[Execution], lines: list[Line]) -> dict[str, Trace]:
    """Trace id → trace, once it has every span that a line names."""
    return {
        execution.trace_id: trace_of(
            jaeger,
            execution,
            {line.metadata["span_id"] for line in lines if line.metadata["trace_id"] == execution.trace_id},
        )
        for execution in executions
    }


@pytest.fixture(scope="session")
def metrics(victoria_metrics: VictoriaMetrics, executions: list[Execution]) -> VictoriaMetrics:
    """Where the metrics of `executions` are, once they are there."""
    assert executions
    wait_for_every_service(victoria_metrics)
    return victoria_metrics


def lines_of(loki: Loki, execution: Execution, services: set[ServiceName]) -> list[Line]:
    """All that its services wrote: each sends on its own, so that the last line written may be stored first."""
    containers = container_logs.find_containers(compose.project()["name"])
    return eventually(
        lambda: loki.lines(f'{{service_namespace="integr8scode"}} |= `"trace_id":"{execution.trace_id}"`'),
        lambda found: (
            {line.labels["service_name"] for line in found} >= services
            and {line.body for line in found} >= written_lines_of(execution, containers)
        ),
        sent=execution,
        components=PIPELINE,
    )


def written_lines_of(execution: Execution, containers: list[Container]) -> set[str]:
    """What the logs of `containers` have of its trace, from the last minutes."""
    now_ns = time.time_ns()
    window = Window(now_ns - EXECUTION_NS, now_ns)
    return {
        line.body.decode()
        for container in containers
        for line in container_logs.read(container, window)
        if line.is_json and orjson.loads(line.body).get("trace_id") == execution.trace_id
    }


def trace_of(jaeger: Jaeger, execution: Execution, span_ids: set[str]) -> Trace:
    trace = eventually(
        lambda: jaeger.trace(execution.trace_id),
        lambda found: found is not None and {span["spanID"] for span in found.spans} >= span_ids,
        sent=execution,
        components=PIPELINE,
    )
    assert trace
    return trace

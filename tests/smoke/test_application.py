"""One execution is one trace and one `execution_id`, in the logs of every process that it passes."""

import json
from collections.abc import Set

import pytest
import requests

from app.core.service_names import ServiceName
from stack.docker.endpoints import Endpoints
from stack.stores.loki import Loki
from tests.smoke.conftest import lines_of
from tests.support.backend import Backend, Execution
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger, Trace

THE_WAY = {
    ServiceName.BACKEND,
    ServiceName.SAGA_ORCHESTRATOR,
    ServiceName.K8S_WORKER,
    ServiceName.POD_MONITOR,
    ServiceName.RESULT_PROCESSOR,
}


def trace_through(jaeger: Jaeger, execution: Execution, services: Set[str]) -> Trace:
    """The execution's trace, once each of `services` has a span in it."""
    trace = eventually(
        lambda: jaeger.trace(execution.trace_id),
        lambda found: found is not None and found.services >= services,
        sent=execution,
        components=("backend", "otel-collector", "jaeger"),
    )
    assert trace is not None
    return trace


def test_an_execution_succeeds(succeeded: Execution) -> None:
    assert (succeeded.state, succeeded.attempt) == ("succeeded", 1)


def test_its_lines_come_from_the_backend_and_each_worker_with_one_trace_id(succeeded: Execution, loki: Loki) -> None:
    lines = lines_of(loki, succeeded, THE_WAY)

    written = [json.loads(line.body) for line in lines]
    assert {line["execution_id"] for line in written} == {succeeded.execution_id}
    assert {line["trace_id"] for line in written} == {succeeded.trace_id}
    assert {line.metadata["trace_id"] for line in lines} == {succeeded.trace_id}


def test_its_trace_goes_from_the_backend_through_each_worker(succeeded: Execution, jaeger: Jaeger) -> None:
    trace = trace_through(jaeger, succeeded, THE_WAY)

    assert trace.edges >= {
        (ServiceName.BACKEND, ServiceName.SAGA_ORCHESTRATOR),
        (ServiceName.SAGA_ORCHESTRATOR, ServiceName.K8S_WORKER),
        (ServiceName.K8S_WORKER, ServiceName.POD_MONITOR),
        (ServiceName.POD_MONITOR, ServiceName.RESULT_PROCESSOR),
    }


def test_a_retry_stays_in_the_trace(retried: Execution, loki: Loki) -> None:
    assert (retried.state, retried.attempt) == ("succeeded", 2)

    lines = lines_of(loki, retried, THE_WAY)
    assert {json.loads(line.body)["trace_id"] for line in lines} == {retried.trace_id}


def test_what_never_succeeds_ends_with_the_dlq_processor(
    dead_lettered: Execution, loki: Loki, jaeger: Jaeger, at: Endpoints
) -> None:
    assert dead_lettered.state == "dead-lettered"
    lines_of(loki, dead_lettered, {*THE_WAY, ServiceName.DLQ_PROCESSOR})
    trace_through(jaeger, dead_lettered, {*THE_WAY, ServiceName.DLQ_PROCESSOR})
    listed = requests.get(f"{at.backend}/api/v1/dead-letters", timeout=10).json()["dead_letters"]
    assert dead_lettered.execution_id in {letter["execution_id"] for letter in listed}


def test_a_replay_passes_the_event_replay_worker_and_names_its_original(
    succeeded: Execution, replayed: Execution, loki: Loki, backend: Backend
) -> None:
    assert replayed.state == "succeeded"
    assert backend.show(replayed.execution_id)["replay_of"] == succeeded.execution_id
    lines_of(loki, replayed, {*THE_WAY, ServiceName.EVENT_REPLAY})


@pytest.mark.usefixtures("dead_lettered", "replayed")
def test_all_seven_services_are_labels(loki: Loki) -> None:
    eventually(
        lambda: loki.label_values("service_name"),
        set(ServiceName).issubset,
        sent="executions: succeeded, dead-lettered, replayed",
        components=("loki",),
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"language": "python"}, "script"),
        ({"script": "x", "language": "cobol"}, "language"),
        ({"script": "x", "language": "python", "simulate": "explode"}, "simulate"),
        ({"script": "x", "language": "python", "timeout_seconds": -1}, "timeout_seconds"),
        ({"script": "x", "language": "python", "colour": "red"}, "colour"),
    ],
)
def test_a_bad_request_gets_422_with_the_field_named(body: dict[str, object], field: str, at: Endpoints) -> None:
    response = requests.post(f"{at.backend}/api/v1/executions", json=body, timeout=10)

    assert response.status_code == 422
    assert field in response.text


def test_the_backend_is_live_and_ready(at: Endpoints) -> None:
    assert requests.get(f"{at.backend}/health/live", timeout=10).status_code == 200
    assert requests.get(f"{at.backend}/health/ready", timeout=10).status_code == 200

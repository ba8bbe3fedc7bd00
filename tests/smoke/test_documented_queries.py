"""The four LogQL queries of the specification find real lines of the application."""

import json

from app.core.service_names import NAMESPACE, ServiceName
from stack.stores.loki import Line, Loki
from tests.smoke.conftest import PIPELINE, lines_of
from tests.support.backend import Execution
from tests.support.eventually import eventually


def found(loki: Loki, query: str, sent: Execution) -> list[Line]:
    """What `query` finds, once it finds a line of the execution."""
    return eventually(
        lambda: loki.lines(query),
        lambda lines: any(sent.execution_id in line.body for line in lines),
        sent=sent,
        components=PIPELINE,
    )


def test_all_logs_from_the_saga_orchestrator(loki: Loki, succeeded: Execution) -> None:
    lines_of(loki, succeeded, {ServiceName.SAGA_ORCHESTRATOR})

    lines = found(loki, '{service_name="integr8scode-saga-orchestrator"}', succeeded)

    assert {line.labels["service_name"] for line in lines} == {ServiceName.SAGA_ORCHESTRATOR}


def test_errors_across_all_services(loki: Loki, dead_lettered: Execution) -> None:
    lines = found(loki, '{service_namespace="integr8scode"} |= `"level":"error"`', dead_lettered)

    assert {json.loads(line.body)["level"] for line in lines} == {"error"}
    assert {line.labels["service_namespace"] for line in lines} == {NAMESPACE}


def test_logs_for_a_specific_execution(loki: Loki, succeeded: Execution) -> None:
    lines = found(
        loki,
        f'{{service_namespace="integr8scode"}} | json | execution_id="{succeeded.execution_id}"',
        succeeded,
    )

    assert {json.loads(line.body)["execution_id"] for line in lines} == {succeeded.execution_id}


def test_logs_correlated_with_a_trace(loki: Loki, succeeded: Execution) -> None:
    lines = found(loki, f'{{service_namespace="integr8scode"}} | json | trace_id="{succeeded.trace_id}"', succeeded)

    assert {json.loads(line.body)["trace_id"] for line in lines} == {succeeded.trace_id}

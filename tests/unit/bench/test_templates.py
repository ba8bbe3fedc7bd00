"""What is sent is what is counted afterwards."""

import json

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from bench.load.templates import LINES_PER_EXECUTION, Template, prepared


def records(payload: bytes) -> list[LogRecord]:
    request = ExportLogsServiceRequest.FromString(payload)
    return [record for logs in request.resource_logs for scope in logs.scope_logs for record in scope.log_records]


@pytest.mark.parametrize("line_bytes", [200, 360, 1_000, 10_000])
def test_lines_have_the_size_that_is_asked_for(line_bytes: int) -> None:
    lines = records(Template("some-service", 20, line_bytes).fill(0))

    assert {len(line.body.string_value) for line in lines} == {line_bytes}


def test_numbers_times_and_executions_go_on_from_the_first() -> None:
    lines = records(Template("some-service", 20).fill(500, at_ns=10**18, step_ns=1000))
    bodies = [json.loads(line.body.string_value) for line in lines]

    assert [body["number"] for body in bodies] == [f"{number:09d}" for number in range(500, 520)]
    assert [line.time_unix_nano for line in lines] == [10**18 + 1000 * index for index in range(20)]
    assert [body["execution_id"] for body in bodies] == [
        f"e-{number // LINES_PER_EXECUTION:09d}" for number in range(500, 520)
    ]


def test_each_line_has_ids_of_its_own_the_same_in_its_text() -> None:
    lines = records(Template("some-service", 50).fill(0))

    for line in lines:
        body = json.loads(line.body.string_value)
        assert (body["trace_id"], body["span_id"]) == (line.trace_id.hex(), line.span_id.hex())
    assert len({line.trace_id for line in lines}) == len({line.span_id for line in lines}) == 50


def test_prepared_requests_share_the_lines_among_the_services() -> None:
    payloads = prepared(["a", "b"], lines=400, size=100)

    services = [
        ExportLogsServiceRequest.FromString(payload).resource_logs[0].resource.attributes[0].value.string_value
        for payload in payloads
    ]
    assert services == ["a", "b", "a", "b"]
    numbers = [int(json.loads(line.body.string_value)["number"]) for payload in payloads for line in records(payload)]
    assert numbers == list(range(400))

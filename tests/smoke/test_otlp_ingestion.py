"""A record that enters by any of OTLP's three doors is stored whole, and nonsense harms nobody else."""

from collections.abc import Callable

import pytest
import requests

from bench.load.otlp import JSON_HEADERS, Record, send_grpc, send_http_json, send_http_protobuf
from stack.docker.endpoints import Endpoints
from stack.stores.loki import Line, Loki
from stack.stores.otlp_http import PROTOBUF_HEADERS, post
from tests.smoke.conftest import PIPELINE
from tests.support.eventually import eventually

Send = Callable[[Endpoints, Record], None]
DOORS: dict[str, Send] = {
    "http-protobuf": lambda at, record: send_http_protobuf(at.otlp_http, record),
    "http-json": lambda at, record: send_http_json(at.otlp_http, record),
    "grpc": lambda at, record: send_grpc(at.otlp_grpc, record),
}


def stored(loki: Loki, record: Record) -> Line:
    """The one line that `record` became."""
    found = eventually(
        lambda: loki.lines(f'{{service_name="{record.service_name}"}} |= `{record.event}`'),
        sent=record,
        components=PIPELINE,
    )
    assert len(found) == 1, f"{record.event} is stored {len(found)} times"
    return found[0]


@pytest.mark.parametrize("door", DOORS)
def test_a_record_is_stored_with_body_labels_metadata_and_ids(
    door: str, at: Endpoints, loki: Loki, marker: str
) -> None:
    record = Record("smoke-sender", marker, attributes={"order.id": "A-17", "greeting": "Grüße, мир"})

    DOORS[door](at, record)

    line = stored(loki, record)
    assert line.body == record.body
    assert line.timestamp_ns == record.timestamp_ns
    assert line.labels == {
        "service_name": "smoke-sender",
        "service_namespace": "integr8scode",
    }
    expected = {
        "trace_id": record.trace_id,
        "span_id": record.span_id,
        "severity_text": "INFO",
        "order_id": "A-17",
        "greeting": "Grüße, мир",
    }
    assert line.metadata.items() >= expected.items()


def test_a_trace_id_finds_its_line_by_structured_metadata(at: Endpoints, loki: Loki, marker: str) -> None:
    record = Record("smoke-sender", marker)

    send_http_protobuf(at.otlp_http, record)

    found = eventually(
        lambda: loki.lines(f'{{service_name="smoke-sender"}} | trace_id="{record.trace_id}"'),
        sent=record,
        components=PIPELINE,
    )
    assert [line.body for line in found] == [record.body]


def test_what_a_sender_says_of_its_namespace_is_kept(at: Endpoints, loki: Loki, marker: str) -> None:
    request = Record("smoke-sender", marker).request()
    attribute = request.resource_logs[0].resource.attributes.add()
    attribute.key = "service.namespace"
    attribute.value.string_value = "another-team"

    post(f"{at.otlp_http}/v1/logs", request.SerializeToString()).raise_for_status()

    found = eventually(
        lambda: loki.lines(f'{{service_namespace="another-team"}} |= `{marker}`'),
        sent=request,
        components=PIPELINE,
    )
    assert found[0].labels["service_name"] == "smoke-sender"


def test_captured_credentials_are_not_stored(at: Endpoints, loki: Loki, marker: str) -> None:
    record = Record("smoke-sender", marker, attributes={"http.request.header.authorization": "Bearer abc", "kept": "1"})

    send_http_protobuf(at.otlp_http, record)

    metadata = stored(loki, record).metadata
    assert metadata["kept"] == "1"
    assert not [key for key in metadata if "authorization" in key]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(PROTOBUF_HEADERS, b"\xff\xfenot protobuf", id="protobuf"),
        pytest.param(JSON_HEADERS, b'{"resourceLogs": [', id="cut-off-json"),
        pytest.param(JSON_HEADERS, b'{"resourceLogs": 7}', id="json-of-another-shape"),
    ],
)
def test_malformed_otlp_gets_400_and_harms_nothing_else(
    headers: dict[str, str], body: bytes, at: Endpoints, loki: Loki, marker: str
) -> None:
    response = requests.post(f"{at.otlp_http}/v1/logs", body, headers=headers, timeout=10)
    assert response.status_code == 400, response.text

    neighbour = Record("smoke-sender", marker)
    send_http_protobuf(at.otlp_http, neighbour)
    assert stored(loki, neighbour).body == neighbour.body

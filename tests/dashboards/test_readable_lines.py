"""What a person reads of a line, whoever wrote it: Loki rewrites lines as the dashboards have it."""

import json

import pytest

from bench.load.otlp import Record, send_http_protobuf
from dashboards.readable import READABLE
from stack.docker.endpoints import Endpoints
from stack.stores.loki import Line, Loki
from tests.support.eventually import eventually

SENDER = "readable-sender"
OURS = (
    '{"timestamp":"2026-11-24T13:02:55.647984Z","level":"error","logger":"integr8scode","event":"Execution failed",'
    '"trace_id":"a04d3e6e1cdfdff6acdc088ae4e89da0","span_id":"f9507a8e7f638980","exit_code":137,'
    '"reason":"DeadlineExceeded","seconds":2.122,"bytes":12345678,"execution_id":"956c29927bf24d158168"}'
)
BODIES = {
    OURS: "Execution failed  exit_code=137  reason=DeadlineExceeded  seconds=2.122  bytes=12345678"
    "  execution_id=956c29927bf24d158168",
    '{"event":"Exploded","exception":"Traceback:\\n  File \\"x.py\\"\\nValueError: boom","exception_message":"boom"}': (
        "Exploded  exception_message=boom"
    ),
    '{"event":"nothing else"}': "nothing else",
    '{"event":"Said","text":"a, \\"b\\": c","level":"info"}': "Said  text=a, 'b': c",
    # The event of an access line has its fields already.
    '{"logger":"uvicorn.access","event":"a - \\"GET / HTTP/1.1\\" 200","client":"a","method":"GET"}': (
        'a - "GET / HTTP/1.1" 200'
    ),
    # Other senders' lines: whole.
    "words, not JSON": "words, not JSON",
    '{"message":"no event","n":1}': '{"message":"no event","n":1}',
    '["a","list"]': '["a","list"]',
    '{"broken":"json","x"': '{"broken":"json","x"',
    # Cut off in the middle: as far as it goes.
    '{"event":"Cut","n":1,"te': "Cut  n=1  te",
}


class WithBody(Record):
    """A record whose line is its event and nothing else."""

    @property
    def body(self) -> str:
        return self.event


def shown(loki: Loki, at: Endpoints, body: str, service: str = SENDER) -> Line:
    record = WithBody(service, body)
    send_http_protobuf(at.otlp_http, record)
    query = f'{{service_name="{service}"}} | span_id="{record.span_id}" {READABLE}'
    (line,) = eventually(lambda: loki.lines(query), sent=record, components=("otel-collector", "loki"))
    return line


@pytest.mark.parametrize(("body", "readable"), BODIES.items(), ids=range(len(BODIES)))
def test_is_service_event_and_fields(at: Endpoints, loki: Loki, body: str, readable: str) -> None:
    line = shown(loki, at, body)

    assert line.body.rstrip() == f"{SENDER:<17}  {readable}"


def test_keeps_the_metadata_that_links_go_by(at: Endpoints, loki: Loki) -> None:
    line = shown(loki, at, OURS)

    assert {"trace_id", "span_id"} <= set(line.metadata)


def test_shows_no_error_beside_a_line_that_is_no_json(at: Endpoints, loki: Loki) -> None:
    assert "__error" not in fields_of(shown(loki, at, "words, not JSON"), loki)


def test_an_opened_line_has_its_traceback(at: Endpoints, loki: Loki) -> None:
    assert "line 1 of x.py" in fields_of(shown(loki, at, '{"event":"Exploded","exception":"line 1 of x.py"}'), loki)


def fields_of(line: Line, loki: Loki) -> str:
    """All that Grafana gets of a line: labels, metadata, and what the query has parsed."""
    query = f'{{service_name="{SENDER}"}} | span_id="{line.metadata["span_id"]}" {READABLE}'
    return json.dumps(loki.query_range(query, line.timestamp_ns - 1, line.timestamp_ns + 1))


@pytest.mark.parametrize("body", ["", " ", '{"event":""}'])
def test_is_never_empty(at: Endpoints, loki: Loki, body: str) -> None:
    assert shown(loki, at, body).body.strip()


def test_a_name_of_2048_letters_leaves_room_for_the_line(at: Endpoints, loki: Loki) -> None:
    assert shown(loki, at, "the line", "x" * 2048).body == f"{'x' * 40}  the line"

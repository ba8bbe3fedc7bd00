"""From a log line: to its trace, by the line's text and by the record's metadata, and to its execution."""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.service_names import ServiceName
from bench.load.otlp import Record, send_http_protobuf
from stack.docker.endpoints import Endpoints
from stack.stores.loki import Line, Loki
from tests.links.conftest import PIPELINE
from tests.links.rules import derived_links
from tests.support.backend import Backend
from tests.support.eventually import eventually
from tests.support.grafana import dashboards, data_sources, expand
from tests.support.jaeger import Jaeger, Trace


@pytest.fixture(scope="module")
def fields() -> list[dict[str, Any]]:
    return list(data_sources()["loki"]["jsonData"]["derivedFields"])


@pytest.mark.parametrize("service", ServiceName)
@pytest.mark.parametrize("name", ["TraceID", "Trace"])
def test_every_line_leads_to_its_trace(
    service: ServiceName, name: str, fields: list[dict[str, Any]], lines: list[Line], traces: dict[str, Trace]
) -> None:
    written = [line for line in lines if line.labels["service_name"] == service]
    assert written

    for line in written:
        trace = traces[derived_links(fields, line)[name]]
        assert service in trace.services
        assert line.metadata["span_id"] in {span["spanID"] for span in trace.spans}, line


def test_both_lead_into_jaeger(fields: list[dict[str, Any]]) -> None:
    leading = {field["name"]: field["datasourceUid"] for field in fields if "datasourceUid" in field}
    assert leading == {"TraceID": "jaeger", "Trace": "jaeger"}


@dataclass(frozen=True)
class PlainText(Record):
    """A record of a sender that writes no JSON."""

    @property
    def body(self) -> str:
        return self.event


def test_a_plain_line_leads_to_its_trace_by_metadata(
    at: Endpoints, fields: list[dict[str, Any]], loki: Loki, jaeger: Jaeger, traces: dict[str, Trace]
) -> None:
    record = PlainText("links-sender", "a line of words", trace_id=next(iter(traces)))
    send_http_protobuf(at.otlp_http, record)
    query = f'{{service_name="links-sender"}} | span_id="{record.span_id}"'
    (line,) = eventually(lambda: loki.lines(query), sent=record, components=PIPELINE)

    links = derived_links(fields, line)

    assert set(links) == {"Trace"}
    assert jaeger.trace(links["Trace"])


def test_a_line_outside_any_span_shows_no_link_to_a_trace(fields: list[dict[str, Any]]) -> None:
    line = Line(0, '{"event":"started","level":"info"}', {"service_name": ServiceName.BACKEND})
    assert derived_links(fields, line) == {}


def test_a_line_of_a_trace_that_is_not_sampled_shows_no_link_to_it(
    backend: Backend, fields: list[dict[str, Any]], loki: Loki
) -> None:
    trace_id = secrets.token_hex(16)
    unsampled = f"00-{trace_id}-{secrets.token_hex(8)}-00"
    backend.submit("succeed", traceparent=unsampled)

    query = f'{{service_namespace="integr8scode"}} |= `{trace_id}`'
    written = {ServiceName.BACKEND, ServiceName.RESULT_PROCESSOR}
    lines = eventually(
        lambda: loki.lines(query),
        lambda found: {line.labels["service_name"] for line in found} >= written,
        sent=unsampled,
        components=PIPELINE,
    )

    for line in lines:
        assert not {"TraceID", "Trace"} & set(derived_links(fields, line)), line


def test_a_line_leads_to_its_execution(fields: list[dict[str, Any]], lines: list[Line], loki: Loki) -> None:
    """The link opens a dashboard that exists, with a variable it has, whose lines are the execution's."""
    followed = set()
    for line in lines:
        link = derived_links(fields, line).get("Execution")
        if link is None:
            assert '"execution_id"' not in line.body
            continue
        followed.add(link)
    assert followed
    for link in followed:
        uid = urlsplit(link).path.split("/")[2]
        (dashboard,) = [dashboard for dashboard in dashboards() if dashboard["uid"] == uid]
        (execution_id,) = parse_qs(urlsplit(link).query)["var-execution_id"]
        (panel,) = [panel for panel in dashboard["panels"] if panel["type"] == "logs"]
        found = loki.lines(expand(panel["targets"][0]["expr"], {"execution_id": execution_id}))
        assert found
        assert all(execution_id in line.body for line in found)

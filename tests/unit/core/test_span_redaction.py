"""Spans leave the process without secrets, under the rules that guard log lines."""

import json
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Tracer, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from app.core import redaction
from app.core.redaction import MASK
from app.core.span_redaction import RedactingSpanExporter
from tests.unit.core import programs
from tests.unit.core.collector import Collector

exporter = InMemorySpanExporter()


@pytest.fixture
def tracer() -> Tracer:
    exporter.clear()
    provider = TracerProvider(resource=Resource({"service.name": "test"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(RedactingSpanExporter(exporter)))
    tracer = provider.get_tracer("test", "1.0")
    assert isinstance(tracer, Tracer)
    return tracer


def exported() -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


@pytest.mark.parametrize(
    ("attributes", "cleaned"),
    [
        ({"url.query": "page=1&token=hunter2"}, {"url.query": f"page=1&token={MASK}"}),
        ({"url.full": "https://bob:hunter2@x.example/"}, {"url.full": f"https://{MASK}@x.example/"}),
        ({"http.request.header.authorization": ("hunter2",)}, {"http.request.header.authorization": MASK}),
        (
            {"process.command_args": ("run", "--password=hunter2")},
            {"process.command_args": ["run", f"--password={MASK}"]},
        ),
        ({"http.route": "/x", "n": 1, "pin": 4711}, {"http.route": "/x", "n": 1, "pin": MASK}),
    ],
)
def test_secret_goes_from_attributes(tracer: Tracer, attributes: dict[str, Any], cleaned: dict[str, Any]) -> None:
    tracer.start_span("request", attributes=attributes).end()
    assert dict(exported().attributes or {}) == cleaned


def test_secret_goes_from_an_exception(tracer: Tracer) -> None:
    with pytest.raises(ValueError, match="hunter2"), tracer.start_as_current_span("request"):
        raise ValueError("password=hunter2")
    span = exported()
    (event,) = span.events
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == f"ValueError: password={MASK}"
    assert event.name == "exception"
    assert event.attributes
    assert event.attributes["exception.message"] == f"password={MASK}"
    assert "hunter2" not in str(event.attributes["exception.stacktrace"])


def test_secret_goes_from_names_and_links(tracer: Tracer) -> None:
    link = Link(SpanContext(1, 2, is_remote=True), {"token": "hunter2"})
    tracer.start_span("GET /x?token=hunter2", links=[link]).end()
    span = exported()
    assert span.name == f"GET /x?token={MASK}"
    assert [(each.context, dict(each.attributes or {})) for each in span.links] == [(link.context, {"token": MASK})]


def test_all_else_of_a_cleaned_span_stays(tracer: Tracer) -> None:
    with tracer.start_as_current_span("request", kind=SpanKind.SERVER, attributes={"token": "hunter2"}) as span:
        span.add_event("asked", {"n": 1}, timestamp=5)
        span.set_status(Status(StatusCode.OK))
    assert isinstance(span, ReadableSpan)
    assert json.loads(exported().to_json()) == {**json.loads(span.to_json()), "attributes": {"token": MASK}}


def test_a_span_without_secrets_is_not_copied() -> None:
    span = ReadableSpan("request", attributes={"http.route": "/executions/{id}", "cache key": "user:42"})
    exporter.clear()
    RedactingSpanExporter(exporter).export([span])
    assert exported() is span


def test_a_span_that_cannot_be_cleaned_is_withheld(tracer: Tracer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_redactor", None)
    span = tracer.start_span("GET /x?token=hunter2", attributes={"token": "hunter2"})
    span.end()
    assert exported().name == "span could not be cleaned and was withheld"
    assert exported().context == span.get_span_context()
    assert not exported().attributes


def test_what_a_process_exports_is_cleaned(collector: Collector) -> None:
    programs.run(
        """
        with trace.get_tracer("test").start_as_current_span("request", attributes={"url.query": "token=hunter2"}):
            pass
        """,
        collector.endpoint,
    )
    (span,) = collector.spans
    assert span.name == "request"
    assert [attribute.value.string_value for attribute in span.attributes] == [f"token={MASK}"]

"""Spans as a server's SDK sends them."""

import secrets
import time
from collections.abc import Iterable

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from stack.stores.otlp_http import post
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger
from tests.support.otlp_values import Attributes, key_values

SPAN_NS = 10**6


def span(name: str, *, trace_id: bytes | None = None, failed: bool = False, attributes: Attributes = ()) -> Span:
    """A span that ends now; without a `trace_id` it is a trace of its own."""
    now = time.time_ns()
    return Span(
        trace_id=trace_id or secrets.token_bytes(16),
        span_id=secrets.token_bytes(8),
        name=name,
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=now - SPAN_NS,
        end_time_unix_nano=now,
        attributes=key_values(attributes),
        status=Status(code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET),
    )


def request(service_name: str, spans: Iterable[Span]) -> bytes:
    """An export request of a service."""
    resource = Resource(attributes=key_values({"service.name": service_name}))
    scope_spans = ScopeSpans(scope=InstrumentationScope(name="tests"), spans=spans)
    of_service = ResourceSpans(resource=resource, scope_spans=[scope_spans])
    return ExportTraceServiceRequest(resource_spans=[of_service]).SerializeToString()


def send(otlp_http: str, service_name: str, *spans: Span) -> None:
    """Send them in one request; raises when it is not accepted."""
    body = request(service_name, spans)
    post(f"{otlp_http}/v1/traces", body, timeout=20).raise_for_status()


def stored(otlp_http: str, jaeger: Jaeger, service_name: str, sent: Span) -> str:
    """Send a span, and return its trace's id once Jaeger has it."""
    send(otlp_http, service_name, sent)
    trace_id = sent.trace_id.hex()
    eventually(lambda: jaeger.trace(trace_id), sent=sent, components=("otel-collector", "jaeger"))
    return trace_id

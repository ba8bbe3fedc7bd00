"""A sender of spans that names them as it likes."""

import secrets
import time

import requests

from stack.docker.endpoints import Endpoints
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger

SENDER = "links-sender"
_SERVER = 2
_OK, _ERROR = 1, 2
_SPAN_NS = 10**6


def stored_span(at: Endpoints, jaeger: Jaeger, name: str, *, failed: bool = False) -> str:
    """Send a span that is a trace of its own, and return the trace's id once Jaeger has it."""
    trace_id, now = secrets.token_hex(16), time.time_ns()
    span = {
        "traceId": trace_id,
        "spanId": secrets.token_hex(8),
        "name": name,
        "kind": _SERVER,
        "startTimeUnixNano": str(now - _SPAN_NS),
        "endTimeUnixNano": str(now),
        "status": {"code": _ERROR if failed else _OK},
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": SENDER}}]}
    request = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
    requests.post(f"{at.otlp_http}/v1/traces", json=request, timeout=10).raise_for_status()
    eventually(lambda: jaeger.trace(trace_id), sent=name, components=("otel-collector", "jaeger"))
    return trace_id

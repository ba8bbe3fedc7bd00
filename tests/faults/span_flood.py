"""Spans as fast as the Collector takes them, and the count of what is stored of them, trace by trace."""

import math
import secrets
import time
from collections import Counter

import requests
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from stack.stores.exposed_metrics import ExposedMetrics
from tests.faults.ledger import Account
from tests.faults.pump import Pump
from tests.support.otlp_values import key_values
from tests.support.spans import request

TRACE_SPANS = 10
REQUEST_TRACES = 100
TRACES_A_QUESTION = 200
# As many attributes as an HTTP framework's instrumentation gives a span: Jaeger writes an index entry for each.
ATTRIBUTES = {
    "http.request.method": "POST",
    "http.response.status_code": "200",
    "http.route": "/api/v1/executions",
    "server.address": "backend.integr8scode.svc.cluster.local",
    "server.port": "8000",
    "user_agent.original": "python-httpx/0.28.1",
}

# Placeholders of fixed width, each replaced in a serialised trace wherever it stands. A span's id is the number of its
# trace, beginning with 1, and in the last two bytes its place in there. Its times have their first two bytes already.
_TRACE_ID = b"\xee" * 16
_TRACE = b"\xcc" * 6
_TIME = b"\xdd" * 6
_SPACING_NS = 1000


class SpanFlood(Pump):
    """Sends numbered spans without a pause."""

    def __init__(self, otlp_http: str) -> None:
        self.service = f"span-flood-{secrets.token_hex(4)}"
        self._ids = secrets.token_hex(8)
        self._trace = _trace(self.service)
        super().__init__(f"{otlp_http}/v1/traces", self._fill, size=REQUEST_TRACES * TRACE_SPANS, rate=math.inf)

    def written(self, jaeger_admin: str) -> int:
        """How many of the spans Jaeger says it has written since its start."""
        saved = "jaeger_collector_spans_saved_by_svc"
        return int(ExposedMetrics.of(jaeger_admin).total(saved, result="ok", svc=self.service))

    def account(self, jaeger: str) -> Account:
        """Ask for every trace, and compare the numbers found with those that were sent."""
        found: Counter[int] = Counter()
        ids = [self._trace_id(trace) for trace in range(self.emitted // TRACE_SPANS)]
        for start in range(0, len(ids), TRACES_A_QUESTION):
            question = {"traceID": ids[start : start + TRACES_A_QUESTION], "raw": "true"}
            answer = requests.get(f"{jaeger}/api/traces", params=question, timeout=60)
            assert answer.status_code == 200, answer.text
            found.update(_number(span["spanID"]) for trace in answer.json()["data"] for span in trace["spans"])
        return Account.of(self.emitted, found)

    def _fill(self, first: int) -> bytes:
        at = time.time_ns().to_bytes(8, "little")[2:]
        # Requests that follow each other without a gap are one request: that is how protobuf repeats a field.
        return b"".join(
            self._trace.replace(_TRACE_ID, bytes.fromhex(self._trace_id(trace)))
            .replace(_TRACE, (trace + 1).to_bytes(len(_TRACE), "big"))
            .replace(_TIME, at)
            for trace in range(first // TRACE_SPANS, first // TRACE_SPANS + REQUEST_TRACES)
        )

    def _trace_id(self, trace: int) -> str:
        return f"{self._ids}{trace:016x}"


def _trace(service: str) -> bytes:
    """A request with one trace, with placeholders for what differs from one to the next."""
    attributes = key_values(ATTRIBUTES)
    spans = [
        Span(
            trace_id=_TRACE_ID,
            span_id=_span_id(index),
            parent_span_id=_span_id(0) if index else b"",
            name="POST /api/v1/executions",
            kind=Span.SpanKind.SPAN_KIND_SERVER,
            start_time_unix_nano=_time(index),
            end_time_unix_nano=_time(2 * TRACE_SPANS - index),
            attributes=attributes,
        )
        for index in range(TRACE_SPANS)
    ]
    return request(service, spans)


def _span_id(index: int) -> bytes:
    return _TRACE + index.to_bytes(2, "big")


def _time(position: int) -> int:
    return int.from_bytes((position * _SPACING_NS).to_bytes(2, "little") + _TIME, "little")


def _number(span_id: str) -> int:
    trace, index = divmod(int(span_id, 16), 1 << 16)
    return (trace - 1) * TRACE_SPANS + index

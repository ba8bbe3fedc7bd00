"""Secrets stay out of spans: instrumentation records URLs with their queries, exceptions with their messages."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status
from opentelemetry.util.types import Attributes

from app.core.plain import to_plain
from app.core.redaction import clean_plain

_WITHHELD = "span could not be cleaned and was withheld"


class RedactingSpanExporter(SpanExporter):
    """Applies the rules for log lines to spans on their way to `exporter`, in the thread that exports."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export `spans` without their secrets; of a span that can't be checked, only that it happened."""
        return self._exporter.export([_clean(span) for span in spans])

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the exporter."""
        return self._exporter.force_flush(timeout_millis)


def _clean(span: ReadableSpan) -> ReadableSpan:
    """Return `span` itself if it holds no secret, which is the rule, or a copy without them."""
    try:
        texts: Any = to_plain(_texts(span))
        cleaned: Any = clean_plain(texts)
        return span if cleaned == texts else _copy(span, cleaned)
    except Exception:
        return _copy(span, {"name": _WITHHELD, "description": None, "attributes": {}, "events": [], "links": []})


def _texts(span: ReadableSpan) -> dict[str, object]:
    return {
        "name": span.name,
        "description": span.status.description,
        "attributes": _fields(span.attributes),
        "events": [{"name": event.name, "attributes": _fields(event.attributes)} for event in span.events],
        "links": [_fields(link.attributes) for link in span.links],
    }


def _fields(attributes: Attributes) -> dict[str, object]:
    return dict(attributes or {})


def _copy(span: ReadableSpan, texts: dict[str, Any]) -> ReadableSpan:
    return ReadableSpan(
        name=texts["name"],
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=texts["attributes"],
        events=[
            Event(cleaned["name"], cleaned["attributes"], event.timestamp)
            for event, cleaned in zip(span.events, texts["events"], strict=False)
        ],
        links=[Link(link.context, cleaned) for link, cleaned in zip(span.links, texts["links"], strict=False)],
        kind=span.kind,
        status=Status(span.status.status_code, texts["description"]),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )

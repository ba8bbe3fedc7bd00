"""One execution, one trace: how its trace is remembered and continued."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Link
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_TRACEPARENT = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("integr8scode")


def current_traceparent() -> str | None:
    """Return the current span as a W3C traceparent, None outside of a trace."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get(_TRACEPARENT)


def trace_id_of(traceparent: str | None) -> str | None:
    """Return the 32 hex digits that logs and Jaeger show."""
    return traceparent.split("-")[1] if traceparent else None


def link_to(traceparent: str | None) -> None:
    """Link the current span to a span of another trace."""
    link = _link(traceparent)
    if link:
        trace.get_current_span().add_link(link.context)


@contextmanager
def continued(traceparent: str | None, name: str) -> Iterator[None]:
    """Work below the span of `traceparent`, in a span that is linked to the caller's own.

    So a new attempt stands beside the one before it, and a request that continues an older trace leads to that.
    """
    context = _PROPAGATOR.extract({_TRACEPARENT: traceparent}) if traceparent else None
    caller = trace.get_current_span().get_span_context()
    with _TRACER.start_as_current_span(name, context=context, links=[Link(caller)]):
        yield


def _link(traceparent: str | None) -> Link | None:
    if not traceparent:
        return None
    span = trace.get_current_span(_PROPAGATOR.extract({_TRACEPARENT: traceparent}))
    return Link(span.get_span_context())

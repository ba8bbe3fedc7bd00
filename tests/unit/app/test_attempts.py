"""Attempts in a trace: each below the request, linked to the one that failed before it."""

from datetime import UTC, datetime

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import Span

from app.core.settings import Settings
from app.events import traces
from app.events.execution import Event, EventKind, Execution, Language, State
from app.events.store import ExecutionStore
from app.workers.runtime import Context
from app.workers.saga_orchestrator import create_handler

TRACER = TracerProvider(shutdown_on_exit=False).get_tracer("test")


class StoreOfOne(ExecutionStore):
    """One execution whose attempt has failed; remembers the span that each change is made in."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.changes: list[tuple[EventKind, Span]] = []

    async def get(self, execution_id: str) -> Execution:
        assert execution_id == self.execution.execution_id
        return self.execution

    async def advance(self, execution_id: str, kind: EventKind, *, attempt: int, **changes: object) -> Execution:
        assert (execution_id, attempt) == (self.execution.execution_id, self.execution.attempt)
        assert not changes
        self.changes.append((kind, trace.get_current_span()))
        return self.execution


async def change_after_failure(attempt: int, *, request: Span, failed: Span) -> tuple[EventKind, Span]:
    """What the orchestrator lets happen, and in which span, when it hears in the span `failed` of a failed attempt."""
    with trace.use_span(request):
        traceparent = traces.current_traceparent()
    execution = Execution(
        script="print('hello')",
        language=Language.PYTHON,
        timeout_seconds=10,
        simulate="always-fail",
        attempts_allowed=3,
        attempt=attempt,
        state=State.ATTEMPT_FAILED,
        traceparent=traceparent,
    )
    store = StoreOfOne(execution)
    event = Event(
        execution_id=execution.execution_id,
        kind=EventKind.ATTEMPT_FAILED,
        attempt=attempt,
        occurred_at=datetime.now(UTC),
    )
    settings = Settings(TESTING=True, RETRY_BACKOFF_SECONDS=0.001)
    handle = create_handler(Context(settings, structlog.stdlib.get_logger(), store))
    with trace.use_span(failed):
        await handle(event)
    [change] = store.changes
    return change


@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_retry_begins_below_the_request_and_is_linked_to_what_failed(
    attempt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "_TRACER", TRACER)
    request = TRACER.start_span("request")
    failed = TRACER.start_span("failed attempt", trace.set_span_in_context(request))

    kind, span = await change_after_failure(attempt, request=request, failed=failed)

    assert kind is EventKind.RETRIED
    assert isinstance(span, ReadableSpan)
    assert span.parent is not None
    assert (span.parent.trace_id, span.parent.span_id) == (
        request.get_span_context().trace_id,
        request.get_span_context().span_id,
    )
    assert [link.context.span_id for link in span.links] == [failed.get_span_context().span_id]


async def test_giving_up_belongs_to_the_last_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_TRACER", TRACER)
    request = TRACER.start_span("request")
    failed = TRACER.start_span("failed attempt", trace.set_span_in_context(request))

    assert await change_after_failure(3, request=request, failed=failed) == (EventKind.GIVEN_UP, failed)

"""List the executions that were given up, and give one another chance."""

from typing import Annotated

from fastapi import APIRouter, Query
from structlog.contextvars import bound_contextvars

from app.api.dependencies import ResourcesOf
from app.api.errors import ConflictError
from app.api.models import DeadLetter, DeadLetters, ExecutionAccepted
from app.events.execution import EventKind, State
from app.events.store import MAX_DEAD_LETTERS
from app.events.traces import continued

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"])


@router.get("")
async def list_dead_letters(
    resources: ResourcesOf, limit: Annotated[int, Query(ge=1, le=MAX_DEAD_LETTERS)] = 100
) -> DeadLetters:
    """Return the newest dead letters first."""
    executions = await resources.store.dead_letters(limit)
    return DeadLetters(dead_letters=[DeadLetter.of(execution) for execution in executions])


@router.post("/{execution_id}/retry", status_code=202)
async def retry(execution_id: str, resources: ResourcesOf) -> ExecutionAccepted:
    """Queue a dead letter again, with as many attempts as a new execution, in the trace that it already has."""
    execution = await resources.store.get(execution_id)
    if execution.state is not State.DEAD_LETTERED:
        raise ConflictError(f"Execution {execution_id} is {execution.state}, not a dead letter.")
    with (
        bound_contextvars(execution_id=execution_id),
        continued(execution.traceparent, "dead letter retry"),
    ):
        execution = await resources.store.advance(
            execution_id,
            EventKind.REQUEUED,
            attempt=execution.attempt,
            attempts_allowed=execution.attempt + resources.settings.MAX_ATTEMPTS,
        )
        resources.logger.info("Dead letter queued again", attempts_allowed=execution.attempts_allowed)
    return ExecutionAccepted.of(execution)

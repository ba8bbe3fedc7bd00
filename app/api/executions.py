"""Submit, look at and replay executions."""

from fastapi import APIRouter
from structlog.contextvars import bound_contextvars

from app.api.dependencies import ResourcesOf
from app.api.errors import ConflictError
from app.api.models import ExecutionAccepted, ExecutionRequest, ExecutionView
from app.events.execution import EventKind, Execution
from app.events.traces import current_traceparent, link_to, trace_id_of

router = APIRouter(prefix="/api/v1/executions", tags=["executions"])


@router.post("", status_code=202)
async def submit(request: ExecutionRequest, resources: ResourcesOf) -> ExecutionAccepted:
    """Queue a script. The answer's trace id finds its logs and its trace, through all workers."""
    execution = Execution(
        **request.model_dump(),
        attempts_allowed=resources.settings.MAX_ATTEMPTS,
        traceparent=current_traceparent(),
    )
    with bound_contextvars(execution_id=execution.execution_id):
        execution = await resources.store.create(execution, EventKind.REQUESTED)
        resources.logger.info(
            "Execution accepted",
            language=execution.language,
            simulate=execution.simulate,
            script_characters=len(execution.script),
            timeout_seconds=execution.timeout_seconds,
        )
    return ExecutionAccepted.of(execution)


@router.get("/{execution_id}")
async def show(execution_id: str, resources: ResourcesOf) -> ExecutionView:
    """Return state, history and result."""
    return ExecutionView.of(await resources.store.get(execution_id))


@router.post("/{execution_id}/replay", status_code=202)
async def replay(execution_id: str, resources: ResourcesOf) -> ExecutionAccepted:
    """Run a finished execution's request again, as an execution with its own id and its own, linked trace."""
    original = await resources.store.get(execution_id)
    if not original.state.is_final:
        raise ConflictError(
            f"Execution {execution_id} is still {original.state}. Replay it when it is succeeded, failed or "
            "dead-lettered."
        )
    link_to(original.traceparent)
    copy = Execution(
        script=original.script,
        language=original.language,
        timeout_seconds=original.timeout_seconds,
        simulate=original.simulate,
        attempts_allowed=resources.settings.MAX_ATTEMPTS,
        traceparent=current_traceparent(),
        replay_of=execution_id,
    )
    with bound_contextvars(execution_id=copy.execution_id):
        copy = await resources.store.create(copy, EventKind.REPLAY_REQUESTED)
        resources.logger.info(
            "Replay requested", replay_of=execution_id, original_trace_id=trace_id_of(original.traceparent)
        )
    return ExecutionAccepted.of(copy)

"""What the backend accepts and answers."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.events.execution import Event, EventKind, Execution, Language, State
from app.events.pods import SUCCEED, PodReason, check_simulation
from app.events.traces import trace_id_of

# A script, not an archive; the whole record is read and written at each step.
MAX_SCRIPT_CHARACTERS = 64 * 1024
# Below the idle time after which another worker takes an event over.
MAX_TIMEOUT_SECONDS = 30.0


class ExecutionRequest(BaseModel):
    """A script to run. Pods are simulated: `simulate` says how this one ends."""

    model_config = ConfigDict(extra="forbid")

    script: str = Field(min_length=1, max_length=MAX_SCRIPT_CHARACTERS, examples=["print('hello')"])
    language: Language = Field(examples=["python"])
    timeout_seconds: float = Field(default=10.0, gt=0, le=MAX_TIMEOUT_SECONDS, allow_inf_nan=False)
    simulate: Annotated[str, AfterValidator(check_simulation)] = Field(
        default=SUCCEED, examples=["succeed", "fail", "fail-2-times", "always-fail", "hang"]
    )


class ExecutionAccepted(BaseModel):
    """Where to look for the execution: in the API by its id, in Grafana and Jaeger by its trace."""

    execution_id: str
    trace_id: str | None
    state: State
    status_url: str

    @classmethod
    def of(cls, execution: Execution) -> Self:
        """Describe an execution that was just queued."""
        return cls(
            execution_id=execution.execution_id,
            trace_id=trace_id_of(execution.traceparent),
            state=execution.state,
            status_url=f"/api/v1/executions/{execution.execution_id}",
        )


class RecordedEvent(BaseModel):
    """One line of an execution's history."""

    kind: EventKind
    attempt: int
    occurred_at: datetime

    @classmethod
    def of(cls, event: Event) -> Self:
        """Leave out the execution's id, which the answer already has."""
        return cls(kind=event.kind, attempt=event.attempt, occurred_at=event.occurred_at)


class Result(BaseModel):
    """How the last pod ended."""

    exit_code: int
    reason: PodReason
    finished_at: datetime


class ExecutionView(BaseModel):
    """An execution as it stands; `result` is null until a pod has ended."""

    execution_id: str
    trace_id: str | None
    state: State
    attempt: int
    attempts_allowed: int
    language: Language
    simulate: str
    timeout_seconds: float
    created_at: datetime
    replay_of: str | None
    result: Result | None
    events: list[RecordedEvent]

    @classmethod
    def of(cls, execution: Execution) -> Self:
        """Show everything but the script."""
        return cls(
            execution_id=execution.execution_id,
            trace_id=trace_id_of(execution.traceparent),
            state=execution.state,
            attempt=execution.attempt,
            attempts_allowed=execution.attempts_allowed,
            language=execution.language,
            simulate=execution.simulate,
            timeout_seconds=execution.timeout_seconds,
            created_at=execution.created_at,
            replay_of=execution.replay_of,
            result=_result(execution),
            events=[RecordedEvent.of(event) for event in execution.events],
        )


class DeadLetter(BaseModel):
    """An execution whose attempts are used up."""

    execution_id: str
    trace_id: str | None
    attempts: int
    reason: PodReason | None
    given_up_at: datetime
    retry_url: str

    @classmethod
    def of(cls, execution: Execution) -> Self:
        """Describe an execution in state dead-lettered."""
        return cls(
            execution_id=execution.execution_id,
            trace_id=trace_id_of(execution.traceparent),
            attempts=execution.attempt,
            reason=execution.pod.reason if execution.pod else None,
            given_up_at=execution.events[-1].occurred_at,
            retry_url=f"/api/v1/dead-letters/{execution.execution_id}/retry",
        )


class DeadLetters(BaseModel):
    """The newest dead letters first."""

    dead_letters: list[DeadLetter]


def _result(execution: Execution) -> Result | None:
    pod = execution.pod
    if pod is None or pod.exit_code is None or pod.reason is None or pod.finished_at is None:
        return None
    return Result(exit_code=pod.exit_code, reason=pod.reason, finished_at=pod.finished_at)

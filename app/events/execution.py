"""An execution and the state machine that moves it: pure functions, no I/O."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from app.events.pods import PodReason
from app.events.streams import Stream

# Three attempts take 14 events; this leaves room for many retries of a dead letter.
MAX_RECORDED_EVENTS = 200


class Language(StrEnum):
    """What a script may be written in: few values, since a metric attribute is made of them."""

    BASH = "bash"
    GO = "go"
    NODE = "node"
    PYTHON = "python"
    RUBY = "ruby"


class State(StrEnum):
    """Where an execution stands."""

    REPLAY_REQUESTED = "replay-requested"
    QUEUED = "queued"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    FINISHED = "finished"
    ATTEMPT_FAILED = "attempt-failed"
    GIVEN_UP = "given-up"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DEAD_LETTERED = "dead-lettered"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens unless a person asks for it."""
        return self in {State.SUCCEEDED, State.FAILED, State.DEAD_LETTERED}


class EventKind(StrEnum):
    """What happened to an execution."""

    REQUESTED = "execution.requested"
    SCHEDULED = "execution.scheduled"
    POD_STARTED = "pod.started"
    POD_FINISHED = "pod.finished"
    SUCCEEDED = "execution.succeeded"
    FAILED = "execution.failed"
    ATTEMPT_FAILED = "attempt.failed"
    RETRIED = "execution.retried"
    GIVEN_UP = "execution.given-up"
    DEAD_LETTERED = "execution.dead-lettered"
    REQUEUED = "execution.requeued"
    REPLAY_REQUESTED = "replay.requested"
    REPLAY_STARTED = "replay.started"


class Step(NamedTuple):
    """What an event does: the state it needs (none: it creates the execution), the next one, who hears of it."""

    before: State | None
    after: State
    stream: Stream | None


STEPS: dict[EventKind, Step] = {
    EventKind.REQUESTED: Step(None, State.QUEUED, Stream.EXECUTIONS),
    EventKind.SCHEDULED: Step(State.QUEUED, State.SCHEDULED, Stream.POD_REQUESTS),
    EventKind.POD_STARTED: Step(State.SCHEDULED, State.RUNNING, Stream.PODS),
    EventKind.POD_FINISHED: Step(State.RUNNING, State.FINISHED, Stream.POD_RESULTS),
    EventKind.SUCCEEDED: Step(State.FINISHED, State.SUCCEEDED, None),
    EventKind.FAILED: Step(State.FINISHED, State.FAILED, None),
    EventKind.ATTEMPT_FAILED: Step(State.FINISHED, State.ATTEMPT_FAILED, Stream.EXECUTIONS),
    EventKind.RETRIED: Step(State.ATTEMPT_FAILED, State.SCHEDULED, Stream.POD_REQUESTS),
    EventKind.GIVEN_UP: Step(State.ATTEMPT_FAILED, State.GIVEN_UP, Stream.DEAD_LETTERS),
    EventKind.DEAD_LETTERED: Step(State.GIVEN_UP, State.DEAD_LETTERED, None),
    EventKind.REQUEUED: Step(State.DEAD_LETTERED, State.QUEUED, Stream.EXECUTIONS),
    EventKind.REPLAY_REQUESTED: Step(None, State.REPLAY_REQUESTED, Stream.REPLAYS),
    EventKind.REPLAY_STARTED: Step(State.REPLAY_REQUESTED, State.QUEUED, Stream.EXECUTIONS),
}
_STARTS_AN_ATTEMPT = {EventKind.RETRIED, EventKind.REQUEUED}


class Event(BaseModel):
    """One thing that happened: kept with the execution, and sent to the stream that its step names."""

    model_config = ConfigDict(frozen=True)

    execution_id: str
    kind: EventKind
    attempt: int
    occurred_at: datetime


class Pod(BaseModel):
    """The simulated pod of the current attempt; the end is unknown while it runs."""

    model_config = ConfigDict(frozen=True)

    started_at: datetime
    finished_at: datetime | None = None
    exit_code: int | None = None
    reason: PodReason | None = None


class Execution(BaseModel):
    """One submitted script and everything that happened to it."""

    model_config = ConfigDict(frozen=True)

    execution_id: str = Field(default_factory=lambda: uuid4().hex)
    script: str
    language: Language
    timeout_seconds: float
    simulate: str
    attempts_allowed: int
    attempt: int = 1
    state: State = State.QUEUED
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    traceparent: str | None = None
    replay_of: str | None = None
    pod: Pod | None = None
    events: tuple[Event, ...] = ()

    @property
    def age_seconds(self) -> float:
        """Seconds since the execution was requested."""
        return (datetime.now(UTC) - self.created_at).total_seconds()


class StepRefusedError(Exception):
    """The execution is not where the event needs it: most often the event was already handled."""

    def __init__(self, kind: EventKind, execution: Execution) -> None:
        super().__init__(f"{kind} does not apply to state {execution.state}, attempt {execution.attempt}")
        self.execution = execution


def begin(execution: Execution, kind: EventKind) -> Execution:
    """Give a new execution its first event; `kind` is one that needs no earlier state."""
    return _record(execution, kind)


def advance(execution: Execution, kind: EventKind, *, attempt: int, **changes: object) -> Execution:
    """Return the execution after `kind` happened in `attempt`, with further fields changed.

    Raises StepRefusedError if the execution is in another state or attempt. Redis delivers an event at least
    once; this check is what makes the second delivery harmless.
    """
    if execution.state is not STEPS[kind].before or execution.attempt != attempt:
        raise StepRefusedError(kind, execution)
    if kind in _STARTS_AN_ATTEMPT:
        changes |= {"attempt": attempt + 1, "pod": None}
    return _record(execution.model_copy(update=changes), kind)


def _record(execution: Execution, kind: EventKind) -> Execution:
    event = Event(
        execution_id=execution.execution_id,
        kind=kind,
        attempt=execution.attempt,
        occurred_at=datetime.now(UTC),
    )
    events = (*execution.events, event)[-MAX_RECORDED_EVENTS:]
    return execution.model_copy(update={"state": STEPS[kind].after, "events": events})

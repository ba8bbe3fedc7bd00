"""The state machine: which event leads where, and why a second delivery is harmless."""

from itertools import pairwise

import pytest

from app.events.execution import (
    MAX_RECORDED_EVENTS,
    STEPS,
    EventKind,
    Execution,
    Language,
    State,
    StepRefusedError,
    advance,
    begin,
)
from app.events.streams import READER, Stream

TO_A_RESULT = (EventKind.SCHEDULED, EventKind.POD_STARTED, EventKind.POD_FINISHED)
TO_A_FAILED_ATTEMPT = (*TO_A_RESULT, EventKind.ATTEMPT_FAILED)
TO_A_DEAD_LETTER = (*TO_A_FAILED_ATTEMPT, EventKind.GIVEN_UP, EventKind.DEAD_LETTERED)


def requested() -> Execution:
    execution = Execution(
        script="print('hello')",
        language=Language.PYTHON,
        timeout_seconds=10,
        simulate="succeed",
        attempts_allowed=3,
    )
    return begin(execution, EventKind.REQUESTED)


def after(execution: Execution, *kinds: EventKind) -> Execution:
    for kind in kinds:
        execution = advance(execution, kind, attempt=execution.attempt)
    return execution


def test_a_requested_execution_is_queued_for_the_saga_orchestrator() -> None:
    assert requested().state is State.QUEUED
    assert STEPS[EventKind.REQUESTED].stream is Stream.EXECUTIONS


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (TO_A_RESULT, State.FINISHED),
        ((*TO_A_RESULT, EventKind.SUCCEEDED), State.SUCCEEDED),
        ((*TO_A_RESULT, EventKind.FAILED), State.FAILED),
        (TO_A_FAILED_ATTEMPT, State.ATTEMPT_FAILED),
        ((*TO_A_FAILED_ATTEMPT, EventKind.RETRIED), State.SCHEDULED),
        (TO_A_DEAD_LETTER, State.DEAD_LETTERED),
        ((*TO_A_DEAD_LETTER, EventKind.REQUEUED), State.QUEUED),
    ],
)
def test_events_lead_to_states(kinds: tuple[EventKind, ...], state: State) -> None:
    assert after(requested(), *kinds).state is state


@pytest.mark.parametrize("kind", [EventKind.RETRIED, EventKind.REQUEUED])
def test_another_attempt_counts_up_and_forgets_the_pod(kind: EventKind) -> None:
    way = TO_A_FAILED_ATTEMPT if kind is EventKind.RETRIED else TO_A_DEAD_LETTER
    execution = after(requested(), *way, kind)
    assert execution.attempt == 2
    assert execution.pod is None
    assert execution.events[-1].attempt == 2


@pytest.mark.parametrize("kinds", list(pairwise((*TO_A_RESULT, EventKind.SUCCEEDED))))
def test_an_event_that_was_handled_before_is_refused(kinds: tuple[EventKind, EventKind]) -> None:
    execution = requested()
    for kind in (*TO_A_RESULT, EventKind.SUCCEEDED):
        execution = after(execution, kind)
        if kind in kinds:
            with pytest.raises(StepRefusedError):
                advance(execution, kind, attempt=execution.attempt)


def test_an_event_of_an_earlier_attempt_is_refused() -> None:
    second_attempt = after(requested(), *TO_A_FAILED_ATTEMPT, EventKind.RETRIED)
    with pytest.raises(StepRefusedError):
        advance(second_attempt, EventKind.POD_STARTED, attempt=1)


def test_a_refused_event_changes_nothing() -> None:
    execution = requested()
    before = execution.model_dump()
    with pytest.raises(StepRefusedError):
        advance(execution, EventKind.SUCCEEDED, attempt=1)
    assert execution.model_dump() == before


def test_each_event_is_recorded_in_order() -> None:
    execution = after(requested(), *TO_A_RESULT, EventKind.SUCCEEDED)
    kinds = [event.kind for event in execution.events]
    assert kinds == [EventKind.REQUESTED, *TO_A_RESULT, EventKind.SUCCEEDED]
    times = [event.occurred_at for event in execution.events]
    assert times == sorted(times)


def test_the_history_is_bounded() -> None:
    execution = requested()
    for _ in range(MAX_RECORDED_EVENTS):
        execution = after(execution, *TO_A_DEAD_LETTER, EventKind.REQUEUED)
    assert len(execution.events) == MAX_RECORDED_EVENTS
    assert execution.events[-1].kind is EventKind.REQUEUED


def test_an_execution_survives_its_stored_form() -> None:
    execution = after(requested(), *TO_A_DEAD_LETTER)
    assert Execution.model_validate_json(execution.model_dump_json()) == execution


def test_only_final_states_send_no_event() -> None:
    assert {step.after for step in STEPS.values() if step.stream is None} == {
        state for state in State if state.is_final
    }


def test_every_state_can_be_reached_and_left_or_is_final() -> None:
    assert {step.after for step in STEPS.values()} == set(State)
    left = {step.before for step in STEPS.values()}
    assert set(State) - left == {State.SUCCEEDED, State.FAILED}


def test_every_stream_has_its_own_reader() -> None:
    assert set(READER) == set(Stream)
    assert len(set(READER.values())) == len(Stream)

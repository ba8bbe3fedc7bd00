"""The simulated cluster, and what the workers make of a pod's end."""

from datetime import UTC, datetime

import pytest

from app.events.execution import EventKind, Pod
from app.events.pods import PodReason, check_simulation, plan_pod
from app.workers.result_processor import judge
from app.workers.saga_orchestrator import MAX_BACKOFF_SECONDS, backoff_seconds


@pytest.mark.parametrize(
    ("simulate", "reasons"),
    [
        ("succeed", [PodReason.COMPLETED]),
        ("fail", [PodReason.ERROR]),
        ("hang", [PodReason.DEADLINE_EXCEEDED]),
        ("fail-1-times", [PodReason.EVICTED, PodReason.COMPLETED]),
        ("fail-2-times", [PodReason.EVICTED, PodReason.EVICTED, PodReason.COMPLETED]),
        ("always-fail", [PodReason.EVICTED] * 20),
    ],
)
def test_the_attempts_of_an_execution_end_as_simulate_says(simulate: str, reasons: list[PodReason]) -> None:
    plans = [
        plan_pod(simulate, attempt=attempt, timeout_seconds=10, run_seconds=0.3)
        for attempt in range(1, len(reasons) + 1)
    ]
    assert [plan.reason for plan in plans] == reasons


def test_a_pod_never_runs_longer_than_its_timeout() -> None:
    slow = plan_pod("succeed", attempt=1, timeout_seconds=1, run_seconds=5)
    assert (slow.run_seconds, slow.reason) == (1, PodReason.DEADLINE_EXCEEDED)


@pytest.mark.parametrize("simulate", ["", "SUCCEED", "fail-0-times", "fail-10-times", "fail-2-timesx", "2"])
def test_an_unknown_simulation_is_refused_with_the_known_ones(simulate: str) -> None:
    with pytest.raises(ValueError, match="use succeed, fail, always-fail, hang, or fail-N-times"):
        check_simulation(simulate)


@pytest.mark.parametrize(
    ("reason", "exit_code", "meaning"),
    [
        (PodReason.COMPLETED, 0, EventKind.SUCCEEDED),
        (PodReason.ERROR, 1, EventKind.FAILED),
        (PodReason.DEADLINE_EXCEEDED, 137, EventKind.FAILED),
        (PodReason.EVICTED, 143, EventKind.ATTEMPT_FAILED),
    ],
)
def test_only_what_the_cluster_broke_is_tried_again(reason: PodReason, exit_code: int, meaning: EventKind) -> None:
    now = datetime.now(UTC)
    assert judge(Pod(started_at=now, finished_at=now, exit_code=exit_code, reason=reason)) is meaning


def test_the_pause_before_a_retry_doubles_up_to_a_bound() -> None:
    assert [backoff_seconds(0.5, failures) for failures in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert backoff_seconds(0.5, 20) == MAX_BACKOFF_SECONDS

"""The simulated cluster: decides how a pod ends. No submitted script is ever run."""

import re
from dataclasses import dataclass
from enum import StrEnum

SUCCEED = "succeed"
FAIL = "fail"
ALWAYS_FAIL = "always-fail"
HANG = "hang"

_FAIL_N_TIMES = re.compile(r"fail-([1-9])-times")


class PodReason(StrEnum):
    """Why a pod ended, in the words of Kubernetes."""

    COMPLETED = "Completed"
    ERROR = "Error"
    EVICTED = "Evicted"
    DEADLINE_EXCEEDED = "DeadlineExceeded"

    @property
    def is_worth_a_retry(self) -> bool:
        """Whether the cluster failed, not the script: only then can another attempt end differently."""
        return self is PodReason.EVICTED


@dataclass(frozen=True)
class PodPlan:
    """How a simulated pod will run: for how many seconds, and with which end."""

    run_seconds: float
    exit_code: int
    reason: PodReason


def check_simulation(simulate: str) -> str:
    """Return `simulate` unchanged; raises ValueError for a value that `plan_pod` does not know."""
    if simulate in {SUCCEED, FAIL, ALWAYS_FAIL, HANG} or _FAIL_N_TIMES.fullmatch(simulate):
        return simulate
    raise ValueError(
        f"use {SUCCEED}, {FAIL}, {ALWAYS_FAIL}, {HANG}, or fail-N-times with N from 1 to 9, e.g. fail-2-times"
    )


def plan_pod(simulate: str, *, attempt: int, timeout_seconds: float, run_seconds: float) -> PodPlan:
    """Decide how the pod of this attempt (counted from 1) ends; the same arguments give the same plan."""
    if simulate == HANG or run_seconds > timeout_seconds:
        return PodPlan(timeout_seconds, 137, PodReason.DEADLINE_EXCEEDED)
    if simulate == FAIL:
        return PodPlan(run_seconds, 1, PodReason.ERROR)
    if attempt <= _evictions(simulate):
        return PodPlan(run_seconds, 143, PodReason.EVICTED)
    return PodPlan(run_seconds, 0, PodReason.COMPLETED)


def _evictions(simulate: str) -> float:
    if simulate == ALWAYS_FAIL:
        return float("inf")
    match = _FAIL_N_TIMES.fullmatch(simulate)
    return int(match[1]) if match else 0

"""Ask again until the answer is there: the input is sent once, only the question is repeated."""

from collections.abc import Callable
from typing import TypeVar

import requests

from stack.docker import compose
from stack.failure import StepError
from stack.process import last_lines
from stack.waiting import wait_until

Answer = TypeVar("Answer")
# Emit → queryable takes a fraction of a second; the rest is room for a busy two-core machine.
DEADLINE_SECONDS = 30.0
# What a question ends with while nobody answers it, or not as it should be.
NOT_YET = (requests.RequestException, StepError, AssertionError)


def eventually(
    ask: Callable[[], Answer],
    satisfied: Callable[[Answer], bool] = bool,
    *,
    sent: object,
    components: tuple[str, ...],
    within: float = DEADLINE_SECONDS,
) -> Answer:
    """Return the first answer that is `satisfied`, asking until `within` seconds are over.

    Raises:
        AssertionError: says what was sent, what came back last, and the last log lines of the `components` between.

    """

    def outcome() -> Answer | Exception:
        try:
            return ask()
        except NOT_YET as error:
            return error

    def is_there(came_back: Answer | Exception) -> bool:
        return not isinstance(came_back, Exception) and satisfied(came_back)

    came_back = wait_until(outcome, is_there, within_seconds=within, pause_seconds=0.1)
    if isinstance(came_back, Exception) or not satisfied(came_back):
        raise AssertionError(_evidence(within, sent, came_back, components))
    return came_back


def _evidence(within: float, sent: object, came_back: object, components: tuple[str, ...]) -> str:
    logs = "\n".join(
        f"--- {component} ---\n{last_lines(compose.compose('logs', '--no-color', '--tail', '15', component).stdout)}"
        for component in components
    )
    return f"not satisfied within {within:g} s\nsent:      {sent}\ncame back: {came_back}\n{logs}"

"""Ask again until the answer is there: the input is sent once, only the question is repeated."""

import time
from collections.abc import Callable
from typing import TypeVar

import requests

from stack.docker import compose
from stack.failure import StepError
from stack.process import last_lines

Answer = TypeVar("Answer")
# Emit → queryable takes a fraction of a second; the rest is room for a busy two-core machine.
DEADLINE_SECONDS = 30.0


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
    deadline = time.monotonic() + within
    while True:
        came_back: object
        try:
            answer = ask()
        except (requests.RequestException, StepError, AssertionError) as error:
            came_back = error
        else:
            if satisfied(answer):
                return answer
            came_back = answer
        if time.monotonic() > deadline:
            raise AssertionError(_evidence(within, sent, came_back, components))
        time.sleep(0.1)


def _evidence(within: float, sent: object, came_back: object, components: tuple[str, ...]) -> str:
    logs = "\n".join(
        f"--- {component} ---\n{last_lines(compose.compose('logs', '--no-color', '--tail', '15', component).stdout)}"
        for component in components
    )
    return f"not satisfied within {within:g} s\nsent:      {sent}\ncame back: {came_back}\n{logs}"

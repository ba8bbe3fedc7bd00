"""Asking again until the answer is there, or the time is over."""

from stack.waiting import wait_until


def test_it_asks_until_the_answer_is_there() -> None:
    answers = iter([1, 2, 3, 4])

    answer = wait_until(lambda: next(answers), lambda number: number == 3, within_seconds=60, pause_seconds=0)

    assert answer == 3
    assert next(answers) == 4


def test_it_returns_the_last_answer_when_the_time_is_over() -> None:
    answer = wait_until(lambda: "not yet", lambda _: False, within_seconds=0, pause_seconds=0)

    assert answer == "not yet"

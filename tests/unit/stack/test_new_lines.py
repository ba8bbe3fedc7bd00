"""What `make tail` does where Loki can't be brought in a test: too many lines, and an answer that is no answer."""

import time
from itertools import islice

import pytest

from stack.look import new_lines
from stack.look.new_lines import NewLines
from stack.stores.loki import MOST_LINES, Line, Loki
from stack.time_range import NS_PER_SECOND, rfc3339
from tests.unit.stack.held import Held

BEGAN = int(time.time()) - 100


def line(second: int, number: int, step_ns: int = 1) -> Line:
    """A line in a second after the beginning."""
    return Line((BEGAN + second) * NS_PER_SECOND + 1 + number * step_ns, f"{second} {number}", {"service_name": "a"})


@pytest.fixture
def told() -> list[str]:
    return []


def new_lines_of(loki: Loki, told: list[str]) -> NewLines:
    return NewLines(loki, "{}", BEGAN * NS_PER_SECOND + 1, told.append)


def test_while_loki_does_not_answer_it_is_said_once(told: list[str]) -> None:
    following = new_lines_of(Held(held=[line(1, 0)], failures=[1, 2, 3]), told).follow()

    assert next(following) == [line(1, 0)]
    assert len(told) == 1
    assert "Loki does not answer" in told[0]


def test_more_lines_of_one_time_than_loki_gives_are_said_to_be_left_out(told: list[str]) -> None:
    same_time = [line(1, number, step_ns=0) for number in range(MOST_LINES + 1)]
    following = new_lines_of(Held(held=[*same_time, line(2, 0)]), told).follow()

    shown: list[Line] = []
    while line(2, 0) not in shown:
        shown += next(following)

    assert len(shown) == len(set(map(str, shown))) == MOST_LINES + 1
    assert "some are not shown" in told[0]


def test_what_is_known_stays_bounded(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_lines, "MOST_KNOWN", 100)
    monkeypatch.setattr(new_lines, "_RUN_LINES", 50)
    held = [line(second, number) for second in range(50) for number in range(10)]
    loki = Held(held=list(held))
    lines = new_lines_of(loki, told)
    following = lines.follow()

    shown: list[Line] = []
    while len(shown) < len(held):
        shown += next(following)
    # Too late for what is still known, and in time.
    loki.held.extend([line(1, 99), line(49, 99)])
    shown += next(following)

    assert shown == [*held, line(49, 99)]
    assert sum(len(second.lines) for second in lines._known.values()) <= 100 + 50
    assert len(told) == 1
    assert "no more than 100 older ones are remembered" in told[0]


def test_what_was_there_before_is_known_and_not_shown(told: list[str]) -> None:
    loki = Held(held=[line(-1000, 0), line(-1, 0)])
    lines = new_lines_of(loki, told)
    lines.learn()
    loki.held.extend([line(-1000, 1), line(1, 0)])

    shown = [each for page in islice(lines.follow(), 2) for each in page]

    assert shown == [line(1, 0), line(-1000, 1)]
    assert told == []


def test_what_is_too_long_ago_to_be_known_is_told(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_lines, "MOST_KNOWN_BEFORE", 60)
    loki = Held(held=[line(second, number) for second in range(-60, 0) for number in range(2)])
    lines = new_lines_of(loki, told)

    lines.learn()
    loki.held.extend([line(-50, 9), line(-20, 9), line(1, 0)])
    shown = [each for page in islice(lines.follow(), 2) for each in page]

    assert shown == [line(1, 0), line(-20, 9)]
    (news,) = told
    assert rfc3339((BEGAN - 30) * NS_PER_SECOND)[:19] in news

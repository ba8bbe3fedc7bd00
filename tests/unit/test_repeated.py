"""What a test does in the background goes on when nobody answers it, and silence is no good news."""

import time
from typing import NoReturn

from stack.stores.loki import Loki, UnansweredError
from tests.faults.ledger import Lines
from tests.faults.test_floods import Freshness
from tests.support.eventually import eventually
from tests.support.repeated import repeated


class Overloaded(Loki):
    """A Loki that refuses each question."""

    def lines(self, *_: object, **__: object) -> NoReturn:
        raise UnansweredError("asking Loki", "429 too many outstanding requests", "Try again.")


def test_an_action_that_fails_is_done_again() -> None:
    times: list[float] = []

    def fail() -> NoReturn:
        times.append(time.monotonic())
        raise UnansweredError("asking", "nobody there", "Try again.")

    with repeated(fail):
        eventually(lambda: len(times) > 1, sent="an action", components=())


def test_the_newest_line_gets_older_while_loki_refuses_to_tell_it() -> None:
    freshness = Freshness(Lines(Overloaded("")))
    time.sleep(0.01)

    freshness.look()

    assert freshness.worst >= 0.01

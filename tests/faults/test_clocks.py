"""A line is stored whatever its sender's clock says, beside lines of the same service that are on time."""

import secrets
import time

import pytest

from stack.docker.endpoints import Endpoints
from tests.faults.account import settled
from tests.faults.ledger import HOUR_NS, Clock, Sender, lines
from tests.faults.table import Table

MINUTE_NS = HOUR_NS // 60


def skewed(by_ns: int) -> Clock:
    """One of the service's two processes is `by_ns` off."""
    return lambda number: time.time_ns() + (by_ns if number % 2 else 0)


def backlog(_number: int) -> int:
    """An hour of lines in no order at all."""
    return time.time_ns() - secrets.randbelow(HOUR_NS)


CLOCKS: dict[str, Clock] = {
    "an hour of backlog, out of order": backlog,
    "a sender's clock 5 minutes ahead": skewed(5 * MINUTE_NS),
    "a sender's clock an hour ahead": skewed(HOUR_NS),
    "a sender's clock 3 hours behind": skewed(-3 * HOUR_NS),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_no_line_is_lost_for_its_time(clock: str, at: Endpoints, table: Table) -> None:
    of_lines = lines(at, CLOCKS[clock])
    with Sender(of_lines, at.otlp_http, rate=2000) as sender:
        time.sleep(3)
    ended = time.monotonic()
    account = settled(of_lines, sender)
    table.add(clock, account, None, time.monotonic() - ended)

    assert (account.lost, sender.refusals) == ([], [])

"""Whatever is killed, frozen, cut off or filled: every line and every span that was sent is stored, without a hand."""

import time

import pytest

from stack.docker.endpoints import Endpoints
from tests.faults.account import settled, wait_until_everything_answers, wait_until_stored
from tests.faults.containers import Containers
from tests.faults.faults import FAULTS, Fault
from tests.faults.form import Form
from tests.faults.ledger import Sender, Spans, lines
from tests.faults.table import Table

# A service that starts before the one it needs may have to try again.
MORE_IS_A_CRASH_LOOP = 3


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_nothing_is_lost(fault: Fault, at: Endpoints, containers: Containers, form: Form, table: Table) -> None:
    of_lines, of_spans = lines(at), Spans(at.jaeger)
    before = containers.states()
    with (
        Sender(of_lines, at.otlp_http, rate=200) as line_sender,
        Sender(of_spans, at.otlp_http, rate=50) as span_sender,
    ):
        wait_until_stored(of_lines, 100)

        fault.happen(containers, form)

        ended = time.monotonic()
        wait_until_stored(of_lines, line_sender.emitted + 1)
        wait_until_everything_answers(at)
        recovered = time.monotonic() - ended
    account_of_lines = settled(of_lines, line_sender)
    account_of_spans = settled(of_spans, span_sender)
    table.add(fault.name, account_of_lines, account_of_spans, recovered)

    assert (account_of_lines.lost, line_sender.refusals) == ([], [])
    restarting = fault.restarts(containers)
    # Jaeger answers before it writes: the request of the moment in which it is killed can be gone (docs/reliability.md,
    # "What is not covered").
    at_risk = span_sender.batch if "jaeger" in restarting else 0
    assert len(account_of_spans.lost) <= at_risk, account_of_spans.lost
    assert span_sender.refusals == []
    restarted = {name: state.restarts - before[name].restarts for name, state in containers.states().items()}
    assert {name for name, times in restarted.items() if times} == restarting
    assert max(restarted.values()) <= MORE_IS_A_CRASH_LOOP

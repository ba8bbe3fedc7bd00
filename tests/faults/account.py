"""Waiting for everything that was sent, and the account of it."""

from contextlib import suppress
from functools import partial

import requests

from stack.docker.endpoints import Endpoints
from stack.stores.loki import Loki
from tests.faults.flood import Flood
from tests.faults.ledger import Account, Lines, Sender, Spans
from tests.support.eventually import eventually

# The worst that was measured, a write-ahead log of 1.5 million lines to replay, takes 20 s.
RECOVERED_WITHIN_SECONDS = 120
PIPELINE = ("otel-collector", "loki", "jaeger")


def wait_until_stored(of_lines: Lines, number: int) -> None:
    """Wait until Loki has `number` lines; it may be down meanwhile."""
    eventually(
        of_lines.count,
        lambda count: count >= number,
        sent=f"{number} lines",
        components=PIPELINE,
        within=RECOVERED_WITHIN_SECONDS,
    )


def drained(loki: Loki, flood: Flood, within: float = RECOVERED_WITHIN_SECONDS) -> None:
    """Wait until Loki has as many lines as the flood had."""
    eventually(
        lambda: loki.count(flood.selector),
        lambda count: count >= flood.emitted,
        sent=f"{flood.emitted} lines",
        components=PIPELINE,
        within=within,
    )


def wait_until_everything_answers(at: Endpoints) -> None:
    """Wait until every component that others depend on says it is ready; nobody helps it."""
    for url in (
        f"{at.backend}/health/ready",
        f"{at.loki}/ready",
        at.otel_collector_health,
        at.jaeger,
        f"{at.victoria_metrics}/health",
    ):
        eventually(
            partial(_answers, url),
            sent=f"GET {url}",
            components=(*PIPELINE, "backend"),
            within=RECOVERED_WITHIN_SECONDS,
        )


def _answers(url: str) -> bool:
    return requests.get(url, timeout=5).status_code == 200


def settled(signal: Lines | Spans, sender: Sender) -> Account:
    """The account once nothing is missing any more, or after the time in which it should have come."""
    accounts: list[Account] = []

    def nothing_lost() -> bool:
        accounts.append(Account.of(sender.emitted, signal.stored()))
        return not accounts[-1].lost

    with suppress(AssertionError):
        eventually(nothing_lost, sent=sender.emitted, components=(), within=RECOVERED_WITHIN_SECONDS)
    return accounts[-1]

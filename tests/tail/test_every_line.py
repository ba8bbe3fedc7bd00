"""`make tail` shows each line once: at 2,000 lines a second, late lines, and to a terminal that does not read."""

import operator
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import requests

from bench.load import Template
from bench.otlp import PROTOBUF_HEADERS
from stack.docker.endpoints import Endpoints
from tests.faults.pump import Pump
from tests.support.eventually import eventually
from tests.tail.following import Following, following

SERVICES = 4
LINES_A_SECOND = 2000
SECONDS = 60
REQUEST_LINES = 100
# So much the interpreter and its libraries have, a page of lines, and what is known of 180,000 lines.
MOST_MEGABYTES = 150
PIPELINE = ("otel-collector", "loki")

Sent = Counter[tuple[str, int]]


def send(at: Endpoints, request: bytes) -> None:
    requests.post(f"{at.otlp_http}/v1/logs", request, headers=PROTOBUF_HEADERS, timeout=10).raise_for_status()


def pump(at: Endpoints, service: str) -> Pump:
    return Pump(
        f"{at.otlp_http}/v1/logs",
        lambda: Template(service, REQUEST_LINES).fill,
        size=REQUEST_LINES,
        rate=LINES_A_SECOND / SERVICES,
    )


def send_late(at: Endpoints, service: str, first: int, minutes: int) -> Sent:
    """Send 500 lines, ten of each second, the first of each on the second, from so many minutes ago on."""
    template = Template(service, 500)
    at_ns = (int(time.time()) - 60 * minutes) * 10**9
    send(at, template.fill(first, at_ns, step_ns=10**8))
    return Counter((service, first + index) for index in range(template.size))


def shows(tail: Following, sent: Sent, *, within: float) -> None:
    """Return once all that was sent is shown, and it has ended without having shown a line twice."""

    def missing() -> int:
        return (sent - tail.shown()).total()

    eventually(missing, operator.not_, sent=sent.total(), components=PIPELINE, within=within)
    assert tail.peak_megabytes() < MOST_MEGABYTES
    assert tail.interrupt() == 130
    assert tail.shown() == sent
    assert "Traceback" not in tail.told()


def test_two_thousand_lines_a_second_and_late_ones(at: Endpoints, name: str, tmp_path: Path) -> None:
    late: Sent = Counter()
    with following(tmp_path) as tail:
        with ExitStack() as running:
            pumps = {f"{name}-{index}": pump(at, f"{name}-{index}") for index in range(SERVICES)}
            for each in pumps.values():
                running.enter_context(each)
            ends_at = time.monotonic() + SECONDS
            for batch, minutes in enumerate((1, 2, 5, 10, 30, 55)):
                late += send_late(at, f"{name}-late", 500 * batch, minutes)
                time.sleep(max(0.0, ends_at - time.monotonic()) / (6 - batch))
        sent = late + Counter((service, number) for service, each in pumps.items() for number in range(each.emitted))
        assert sent.total() - late.total() >= LINES_A_SECOND * SECONDS * 0.95
        shows(tail, sent, within=30)

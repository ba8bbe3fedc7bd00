"""`make tail` shows each line once: many, late ones, to a terminal that does not read, and while Loki restarts."""

import operator
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from bench.load.templates import Template
from stack.docker.endpoints import Endpoints
from stack.stores.loki import Loki
from stack.stores.otlp_http import post
from tests.faults.pump import Pump
from tests.support.eventually import eventually
from tests.support.own_project import run_compose, up
from tests.tail.following import Following, following

SERVICES = 4
LINES_A_SECOND = 2000
SECONDS = 60
REQUEST_LINES = 100
# So much the interpreter and its libraries have, a page of lines, and what is known of 180,000 lines.
MOST_MEGABYTES = 150
PIPELINE = ("otel-collector", "loki")

Sent = Counter[tuple[str, int]]
"""How often each line, of a service and with a number, was sent."""


def numbered(service: str, numbers: Iterable[int]) -> Sent:
    return Counter((service, number) for number in numbers)


def pump(at: Endpoints, service: str) -> Pump:
    return Pump(
        f"{at.otlp_http}/v1/logs",
        Template(service, REQUEST_LINES).fill,
        size=REQUEST_LINES,
        rate=LINES_A_SECOND / SERVICES,
    )


def send_late(at: Endpoints, service: str, first: int, minutes: int) -> Sent:
    """Send 500 lines, ten of each second, the first of each on the second, from so many minutes ago on."""
    template = Template(service, 500)
    at_ns = (int(time.time()) - 60 * minutes) * 10**9
    post(f"{at.otlp_http}/v1/logs", template.fill(first, at_ns, step_ns=10**8)).raise_for_status()
    return numbered(service, range(first, first + template.size))


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
    with following(name, tmp_path) as tail:
        with ExitStack() as running:
            pumps = {f"{name}-{index}": pump(at, f"{name}-{index}") for index in range(SERVICES)}
            for each in pumps.values():
                running.enter_context(each)
            ends_at = time.monotonic() + SECONDS
            for batch, minutes in enumerate((1, 2, 5, 10, 30, 55)):
                late += send_late(at, f"{name}-late", 500 * batch, minutes)
                time.sleep(max(0.0, ends_at - time.monotonic()) / (6 - batch))
        sent = sum((numbered(service, range(each.emitted)) for service, each in pumps.items()), Sent())
        assert sent.total() >= LINES_A_SECOND * SECONDS * 0.95
        shows(tail, sent + late, within=30)


def test_a_terminal_that_does_not_read_gets_everything_later(at: Endpoints, name: str, tmp_path: Path) -> None:
    with following(name, tmp_path) as tail:
        with tail.slow_terminal(), pump(at, name) as pumped:
            # Longer than each round of the tail looks back.
            time.sleep(20)
        shows(tail, numbered(name, range(pumped.emitted)), within=30)


def test_what_was_there_before_is_not_shown_and_what_comes_late_from_then_is(
    at: Endpoints, loki: Loki, name: str, tmp_path: Path
) -> None:
    before = send_late(at, name, 0, minutes=5)
    eventually(
        lambda: loki.count(f'{{service_name="{name}"}}'),
        before.total().__eq__,
        sent=before.total(),
        components=PIPELINE,
    )
    with following(name, tmp_path, "--service", name) as tail:
        # The same seconds of the past.
        shows(tail, send_late(at, name, 500, minutes=5), within=30)


def test_loki_is_killed_meanwhile(at: Endpoints, name: str, tmp_path: Path) -> None:
    with following(name, tmp_path) as tail:
        with pump(at, name) as pumped:
            eventually(tail.shown, sent=name, components=PIPELINE)
            run_compose("kill", "--signal", "KILL", "loki")
            eventually(lambda: "Loki does not answer" in tail.told(), sent=name, components=PIPELINE)
            up("loki")
            eventually(lambda: "Loki answers again" in tail.told(), sent=name, components=PIPELINE)
        shows(tail, numbered(name, range(pumped.emitted)), within=60)
    assert tail.told().count("Loki does not answer") == 1

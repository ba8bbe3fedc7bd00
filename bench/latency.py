"""Emit → queryable: how long until a line that was just sent is found in Loki."""

import secrets
import statistics
import threading
import time
from dataclasses import dataclass

from stack.loki import Loki
from tests.support.otlp import Record, send_http_protobuf

LINES = 80
LINES_PER_SECOND = 10
# The upstream configuration needs up to 10 s; what is not there by then is lost or hopeless.
GIVE_UP_SECONDS = 30.0


@dataclass(frozen=True)
class Latency:
    """Seconds from emission to the first query that found the line."""

    median: float
    worst: float


def measure(otlp_http: str, loki: Loki) -> Latency:
    """Send 80 lines at 10 a second, and watch Loki for each of them.

    Raises:
        TimeoutError: lines were not found within 30 s of the last one's emission.

    """
    service = f"bench-latency-{secrets.token_hex(4)}"
    emitted: dict[str, float] = {}
    sender = threading.Thread(target=_send, args=(otlp_http, service, emitted))
    sender.start()
    found: dict[str, float] = {}
    give_up = time.monotonic() + LINES / LINES_PER_SECOND + GIVE_UP_SECONDS
    while len(found) < LINES:
        lines = loki.lines(f'{{service_name="{service}"}}')
        now = time.monotonic()
        for line in lines:
            found.setdefault(line.body, now)
        if now > give_up:
            raise TimeoutError(f"{LINES - len(found)} of {LINES} lines were not found")
    sender.join()
    seconds = [found[body] - emitted[body] for body in emitted]
    return Latency(statistics.median(seconds), max(seconds))


def _send(otlp_http: str, service: str, emitted: dict[str, float]) -> None:
    began = time.monotonic()
    for number in range(LINES):
        time.sleep(max(0.0, began + number / LINES_PER_SECOND - time.monotonic()))
        record = Record(service, f"line {number}")
        emitted[record.body] = time.monotonic()
        send_http_protobuf(otlp_http, record)

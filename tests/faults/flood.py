"""Senders that are faster than Loki, and the count of what they sent, block by block."""

import secrets
import threading
import time
from collections import Counter

import requests

from bench.load import Template
from stack.loki import Loki
from tests.faults.ledger import RETRYABLE, SECOND_NS, Account, numbers_stored
from tests.support.otlp import PROTOBUF_HEADERS

# Lines of 360 bytes a second with everything that Loki counts beside them: its 8 MB/s (loki/loki-config.yaml).
SUSTAINABLE = 18_000
REQUEST_LINES = 1000
# Numbers have nine digits; those that share the first five are a block. A query may return 500 series.
BLOCK_DIGITS = 5
BLOCK = 10 ** (9 - BLOCK_DIGITS)
# So many seconds of lines at a time: about half a million are what one query counts in a few seconds.
STEP_SECONDS = 15
GIVE_UP_SECONDS = 180.0


class Flood:
    """Sends numbered lines of 360 bytes, up to `rate` a second, from `with` until its end.

    Each request is sent until it is accepted: what the Collector pushes back waits with its sender.
    """

    def __init__(self, otlp_http: str, *, rate: int) -> None:
        self.service = f"flood-{secrets.token_hex(4)}"
        self.pushed_back = 0
        self.began_ns = self.ended_ns = time.time_ns()
        self._url = f"{otlp_http}/v1/logs"
        self._pause = REQUEST_LINES / rate
        self.emitted = 0
        self._due = time.monotonic()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(4)]

    def __enter__(self) -> "Flood":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Begin no new request, and wait until those that are under way are accepted."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.ended_ns = time.time_ns() + SECOND_NS

    def account(self, loki: Loki) -> Account:
        """Count what is stored: block by block, and line by line where a block is not exactly as it should be."""
        counts, sums = self._blocks(loki, "count_over_time", ""), self._blocks(loki, "sum_over_time", "| unwrap number")
        found: Counter[int] = Counter()
        for block in {*counts, *range(-(-self.emitted // BLOCK))}:
            numbers = range(block * BLOCK, min((block + 1) * BLOCK, self.emitted))
            if (counts[block], sums[block]) == (len(numbers), sum(numbers)):
                found.update(numbers)
            else:
                start, end = self._window()
                found.update(
                    numbers_stored(loki, f'{self.selector} |= `"number":"{block:0{BLOCK_DIGITS}}`', start, end)
                )
        return Account.of(self.emitted, found)

    @property
    def selector(self) -> str:
        """What finds these lines and no others."""
        return f'{{service_name="{self.service}"}}'

    def _blocks(self, loki: Loki, function: str, unwrap: str) -> Counter[int]:
        number = f'regexp `"number":"(?P<number>(?P<block>\\d{{{BLOCK_DIGITS}}})\\d+)`'
        query = f"sum by (block) ({function}({self.selector} | {number} {unwrap} [{STEP_SECONDS}s]))"
        counted: Counter[int] = Counter()
        start, end = self._window()
        for at in range(start, end, STEP_SECONDS * SECOND_NS):
            for series in loki.query_range(
                query, at + STEP_SECONDS * SECOND_NS, at + STEP_SECONDS * SECOND_NS, step="1s"
            ):
                counted[int(series["metric"]["block"])] += int(float(series["values"][0][1]))
        return counted

    def _window(self) -> tuple[int, int]:
        """From the first line to after the last, in whole seconds: a step's range leaves out its beginning."""
        return self.began_ns // SECOND_NS * SECOND_NS - SECOND_NS, self.ended_ns

    def _work(self) -> None:
        template = Template(self.service, REQUEST_LINES)
        session = requests.Session()
        while not self._stop.wait(self._until_its_turn()):
            with self._lock:
                first, self.emitted = self.emitted, self.emitted + REQUEST_LINES
            self._deliver(session, template.fill(first))

    def _until_its_turn(self) -> float:
        with self._lock:
            # What could not be sent in time is made up for, but not more than a second of it.
            self._due = max(self._due, time.monotonic() - 1) + self._pause
            return max(0.0, self._due - time.monotonic())

    def _deliver(self, session: requests.Session, payload: bytes) -> None:
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < give_up_at:
            try:
                status = session.post(self._url, payload, headers=PROTOBUF_HEADERS, timeout=30).status_code
            except requests.RequestException:
                status = 503
            if status not in RETRYABLE:
                return
            self.pushed_back += 1
            time.sleep(0.1)

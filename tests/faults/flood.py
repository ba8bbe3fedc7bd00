"""Senders that are faster than Loki, and the count of what they sent, block by block."""

import secrets
from collections import Counter

from bench.load import Template
from stack.loki import Loki
from tests.faults.ledger import SECOND_NS, Account, numbers_stored
from tests.faults.pump import Pump

# Lines of 360 bytes a second with everything that Loki counts beside them: its 8 MB/s (loki/loki-config.yaml).
SUSTAINABLE = 18_000
REQUEST_LINES = 1000
# Numbers have nine digits; those that share the first five are a block. A query may return 500 series.
BLOCK_DIGITS = 5
BLOCK = 10 ** (9 - BLOCK_DIGITS)
# So many seconds of lines at a time: about half a million are what one query counts in a few seconds.
STEP_SECONDS = 15


class Flood(Pump):
    """Sends numbered lines of 360 bytes."""

    def __init__(self, otlp_http: str, *, rate: int) -> None:
        self.service = f"flood-{secrets.token_hex(4)}"
        super().__init__(
            f"{otlp_http}/v1/logs",
            lambda: Template(self.service, REQUEST_LINES).fill,
            size=REQUEST_LINES,
            rate=rate,
        )

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

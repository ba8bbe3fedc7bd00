"""Senders that are faster than Loki, and the count of what they sent, block by block."""

import secrets
from collections import Counter

from bench.load.tally import BLOCK, BLOCK_DIGITS, counts_by_block, sums_by_block
from bench.load.templates import Template
from stack.stores.loki import Loki
from tests.faults.ledger import Account, numbers_stored
from tests.faults.pump import Pump

# Lines of 360 bytes a second with everything that Loki counts beside them: its 8 MB/s (loki/loki-config.yaml).
SUSTAINABLE = 18_000
REQUEST_LINES = 1000
# So many seconds of lines at a time: about half a million are what one query counts in a few seconds.
STEP_SECONDS = 15


class Flood(Pump):
    """Sends numbered lines of 360 bytes."""

    def __init__(self, otlp_http: str, *, rate: int) -> None:
        self.service = f"flood-{secrets.token_hex(4)}"
        super().__init__(
            f"{otlp_http}/v1/logs",
            Template(self.service, REQUEST_LINES).fill,
            size=REQUEST_LINES,
            rate=rate,
        )

    def account(self, loki: Loki) -> Account:
        """Count what is stored: block by block, and line by line where a block is not exactly as it should be."""
        counts, sums = (
            by_block(loki, self.selector, self.began_ns, self.ended_ns, step_seconds=STEP_SECONDS)
            for by_block in (counts_by_block, sums_by_block)
        )
        found: Counter[int] = Counter()
        for block in {*counts, *range(-(-self.emitted // BLOCK))}:
            numbers = range(block * BLOCK, min((block + 1) * BLOCK, self.emitted))
            if (counts[block], sums[block]) == (len(numbers), sum(numbers)):
                found.update(numbers)
            else:
                of_block = f'{self.selector} |= `"number":"{block:0{BLOCK_DIGITS}}`'
                found.update(numbers_stored(loki, of_block, self.began_ns, self.ended_ns))
        return Account.of(self.emitted, found)

    @property
    def selector(self) -> str:
        """What finds these lines and no others."""
        return f'{{service_name="{self.service}"}}'

"""Which of the numbered lines are stored, counted in small steps that no Loki dies of."""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from stack.failure import StepError
from stack.loki import Loki

# A block of numbers is counted as one; a query may return 500 series.
BLOCK_DIGITS = 5
BLOCK = 10 ** (9 - BLOCK_DIGITS)
SECOND_NS = 10**9
# A Loki that has just died gets the time to come back, again and again until it is hopeless.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Tally:
    """What became of the lines that were sent."""

    stored: int
    lost: int
    doubled: int


def tally(loki: Loki, selector: str, sent: int, start_ns: int, end_ns: int, *, step_seconds: int = 2) -> Tally:
    """Count the lines numbered 0 to `sent` - 1 that `selector` finds between two times, a step at a time.

    Loss and doubling in the same block of ten thousand would hide each other; a block off by either shows both of them
    as soon as they differ.

    Raises:
        StepError: Loki did not answer for two minutes.

    """
    query = (
        rf'sum by (block) (count_over_time({selector} | regexp `"number":"(?P<block>\d{{{BLOCK_DIGITS}}})`'
        f" [{step_seconds}s]))"
    )
    stored: Counter[int] = Counter()
    first = start_ns // SECOND_NS - 1
    for at in range(first + step_seconds, end_ns // SECOND_NS + step_seconds + 1, step_seconds):
        for series in _patiently(loki, query, at * SECOND_NS):
            stored[int(series["metric"]["block"])] += int(float(series["values"][0][1]))
    expected = [min(BLOCK, sent - first) for first in range(0, sent, BLOCK)]
    differences = [stored[block] - lines for block, lines in enumerate(expected)]
    return Tally(
        stored=sum(stored.values()),
        lost=-sum(min(0, difference) for difference in differences),
        doubled=sum(max(0, difference) for difference in differences),
    )


def _patiently(loki: Loki, query: str, at_ns: int) -> list[dict[str, Any]]:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return loki.query_range(query, at_ns, at_ns, step="1s")
        except StepError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(1)

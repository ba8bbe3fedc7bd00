"""Which of the numbered lines are stored, counted in small steps that no Loki dies of."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stack.failure import StepError
from stack.stores.loki import Loki

# Numbers have nine digits; those that share the first five are a block. A query may return 500 series.
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
    stored = counts_by_block(loki, selector, start_ns, end_ns, step_seconds=step_seconds)
    expected = [min(BLOCK, sent - first) for first in range(0, sent, BLOCK)]
    differences = [stored[block] - lines for block, lines in enumerate(expected)]
    return Tally(
        stored=sum(stored.values()),
        lost=-sum(min(0, difference) for difference in differences),
        doubled=sum(max(0, difference) for difference in differences),
    )


def counts_by_block(loki: Loki, selector: str, start_ns: int, end_ns: int, *, step_seconds: int) -> Counter[int]:
    """Block of ten thousand numbers → how many lines with one of them are stored; raises like `tally`."""
    number = rf'regexp `"number":"(?P<block>\d{{{BLOCK_DIGITS}}})`'
    query = f"sum by (block) (count_over_time({selector} | {number} [{step_seconds}s]))"
    return _by_block(_steps(loki, query, start_ns, end_ns, step_seconds))


def sums_by_block(loki: Loki, selector: str, start_ns: int, end_ns: int, *, step_seconds: int) -> Counter[int]:
    """Block of ten thousand numbers → the sum of those that are stored; raises like `tally`.

    Tells a block with one number missing and another doubled from a block with each number once.
    """
    number = rf'regexp `"number":"(?P<number>(?P<block>\d{{{BLOCK_DIGITS}}})\d+)` | unwrap number'
    query = f"sum by (block) (sum_over_time({selector} | {number} [{step_seconds}s]))"
    return _by_block(_steps(loki, query, start_ns, end_ns, step_seconds))


def count(loki: Loki, selector: str, start_ns: int, end_ns: int, *, step_seconds: int = 2) -> int:
    """How many lines `selector` finds between two times; raises like `tally`."""
    query = f"sum(count_over_time({selector} [{step_seconds}s]))"
    return sum(map(_value, _steps(loki, query, start_ns, end_ns, step_seconds)))


def _steps(loki: Loki, query: str, start_ns: int, end_ns: int, step_seconds: int) -> Iterator[dict[str, Any]]:
    """The series of `query` at the end of each step."""
    first = start_ns // SECOND_NS - 1
    last = end_ns // SECOND_NS + step_seconds
    for at in range(first + step_seconds, last + 1, step_seconds):
        yield from _patiently(loki, query, at * SECOND_NS)


def _by_block(found: Iterator[dict[str, Any]]) -> Counter[int]:
    counted: Counter[int] = Counter()
    for series in found:
        counted[int(series["metric"]["block"])] += _value(series)
    return counted


def _value(series: dict[str, Any]) -> int:
    return int(float(series["values"][0][1]))


def _patiently(loki: Loki, query: str, at_ns: int) -> list[dict[str, Any]]:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return loki.query_range(query, at_ns, at_ns, step="1s")
        except StepError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(1)

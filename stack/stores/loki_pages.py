"""All lines that Loki holds of a stretch of time, page by page: one query gives no more than so many."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stack.stores.loki import MOST_LINES, Line, Loki
from stack.time_range import NS_PER_SECOND
from stack.units import MIB

SMALLEST_PAGE = 10
# What a page should weigh: few enough requests for short lines, and bounded memory, here and in Loki, for long ones.
_LIGHT_PAGE_BYTES = 2 * MIB
_HEAVY_PAGE_BYTES = 8 * MIB
# Loki's split_queries_by_interval: a longer query becomes several, and those behind the one that fills the page have
# been asked in vain.
_SPLIT_NS = 15 * 60 * NS_PER_SECOND
# Loki warns in its log of a query over less.
_SHORTEST_NS = NS_PER_SECOND


@dataclass
class Pages:
    """The lines that `logql` finds; `crowded` is called with a time that has more of them than Loki gives."""

    loki: Loki
    logql: str
    crowded: Callable[[int], None]
    size: int = 1000
    """How many lines the next page may have; adapts to how long they are."""

    def between(self, start_ns: int, end_ns: int) -> Iterator[list[Line]]:
        """Every line from `start_ns` to before `end_ns` once, pages and lines in the order of time.

        Raises:
            StepError: Loki does not answer, or refuses the query.

        """
        span_ns = _SPLIT_NS
        while start_ns < end_ns:
            until_ns = min((start_ns // span_ns + 1) * span_ns, end_ns)
            lines = self._page(start_ns, until_ns)
            if len(lines) < self.size:
                yield lines
                # Quiet days pass in longer and longer steps.
                start_ns, span_ns = until_ns, span_ns * 2
                continue
            span_ns, last_ns = _SPLIT_NS, lines[-1].timestamp_ns
            if last_ns > start_ns:
                # A full page may end between lines of one time: what is of its last time is asked again.
                yield [line for line in lines if line.timestamp_ns < last_ns]
                start_ns = last_ns
                self.size = _next_size(self.size, sum(len(line.body.encode()) for line in lines))
            elif self.size < MOST_LINES:
                self.size = MOST_LINES
            else:
                self.crowded(last_ns)
                yield lines
                start_ns = last_ns + 1

    def _page(self, start_ns: int, until_ns: int) -> list[Line]:
        asked_until_ns = max(until_ns, start_ns + _SHORTEST_NS)
        lines = self.loki.lines(
            self.logql, start_ns=start_ns, end_ns=asked_until_ns, limit=self.size, direction="forward"
        )
        return [line for line in lines if line.timestamp_ns < until_ns]


def _next_size(size: int, page_bytes: int) -> int:
    if page_bytes > _HEAVY_PAGE_BYTES:
        return max(size // 4, SMALLEST_PAGE)
    return min(size * 2, MOST_LINES) if page_bytes < _LIGHT_PAGE_BYTES else size

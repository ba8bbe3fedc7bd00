"""Which lines are new in Loki, however late they come.

Loki is asked how many lines each second has, and a second whose number has changed since is read again, page by page.
Of a second that was read, a number of 64 bits a line is kept: enough to show each line once.
"""

import time
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from stack.stores.loki import MOST_LINES, Line, Loki, UnansweredError
from stack.stores.loki_pages import SMALLEST_PAGE, Pages
from stack.terminal import Report
from stack.time_range import NS_PER_SECOND, rfc3339

# Loki's own pace: a line is queryable a fifth of a second after it was emitted.
_POLL_SECONDS = 0.5
# Lines of different services arrive out of order by up to the exporters' batching; so far back each round counts.
_RECENT_SECONDS = 10
# Loki's creation_grace_period: no line is further ahead of the clock.
_AHEAD_SECONDS = 600
# Loki's split_queries_by_interval. One answer has a number for each second, and may have 11,000.
_STEP_SECONDS = 900
LOOK_BACK_SECONDS = 3600
# 32 MB; half an hour at 2,000 lines a second.
MOST_KNOWN = 4_000_000
# What is read at the start only to be known: some 25 pages.
MOST_KNOWN_BEFORE = 50_000
# So much of the past is counted again in each round. With 50,000 an idle Loki was busy for half of a core.
_SWEPT_LINES = 10_000
# Seconds that are read in one go.
_RUN_LINES = 2 * MOST_LINES


@dataclass(slots=True)
class _Second:
    """What is known of the lines after one whole second up to and including the next."""

    counted: int = 0
    """How many Loki counted before the second was last read."""
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    """A hash of each line."""


class NewLines:
    """The lines that `logql` finds since `since_ns` (nanoseconds since 1970), and those that come late from then on.

    A line may be late by `LOOK_BACK_SECONDS`, or as far back as `MOST_KNOWN` lines reach; before `since_ns`, by
    `MOST_KNOWN_BEFORE` lines. `tell` is called with what a person has to know.
    """

    def __init__(self, loki: Loki, logql: str, since_ns: int, tell: Report) -> None:
        self._loki = loki
        self._pages = Pages(loki, logql, self._tell_crowded)
        self._logql = logql
        self._tell = tell
        # All in whole seconds since 1970. Nothing before the horizon is looked at.
        self._began = self._position = self._swept = self._horizon = _second_of(since_ns)
        self._known: dict[int, _Second] = {}
        self._has_forgotten = False

    def follow(self) -> Iterator[list[Line]]:
        """Yield page by page what is new, for ever, each page in the order of time.

        Raises:
            StepError: Loki refuses the query. While it does not answer, it is asked again.

        """
        away = False
        while True:
            began = time.monotonic()
            try:
                yield from self._round()
            except UnansweredError as error:
                if not away:
                    self._tell(f"Loki does not answer; going on as soon as it does ({error.why})")
                away, self._pages.size = True, SMALLEST_PAGE
            else:
                if away:
                    self._tell("Loki answers again")
                away = False
            if away or self._position >= int(time.time()) - 1:
                time.sleep(max(0.0, began + _POLL_SECONDS - time.monotonic()))

    def _round(self) -> Iterator[list[Line]]:
        now = int(time.time())
        until = min(now + _AHEAD_SECONDS, self._position + _STEP_SECONDS)
        yield from self._changed(self._position - _RECENT_SECONDS, until)
        # What came while the reader was slow is not late: the next round begins where this one has counted.
        self._position = max(self._position, min(now, until))
        if self._position == now:
            yield from self._sweep()

    def learn(self) -> None:
        """Read what was there before the beginning, so that it is not taken for late; raises `StepError`."""
        lines = 0
        while lines <= MOST_KNOWN_BEFORE and self._horizon > self._began - LOOK_BACK_SECONDS:
            first = self._horizon - LOOK_BACK_SECONDS // 12
            counts = self._counts(first, self._horizon)
            for second in sorted(counts, reverse=True):
                lines += counts[second]
                if lines > MOST_KNOWN_BEFORE:
                    first = second + 1
                    break
            for run in self._runs({second: count for second, count in counts.items() if second >= first}):
                for _ in self._read(*run, counts):
                    pass
            self._horizon = first
        if lines > MOST_KNOWN_BEFORE:
            self._tell_reach(MOST_KNOWN_BEFORE)

    def _sweep(self) -> Iterator[list[Line]]:
        """Look again at the next part of the past, from the newest to the oldest and again."""
        until = self._swept if self._swept > self._horizon else self._position - _RECENT_SECONDS
        first, lines = until, 0
        while first > max(self._horizon, until - _STEP_SECONDS) and lines < _SWEPT_LINES:
            first -= 1
            lines += len(self._known[first].lines) if first in self._known else 0
        self._swept = first
        if first < until:
            yield from self._changed(first, until)

    def _changed(self, first: int, until: int) -> Iterator[list[Line]]:
        counts = self._counts(max(first, self._horizon), until)
        for run in self._runs(counts):
            if run[0] >= self._horizon:
                yield from self._read(*run, counts)
                self._forget()

    def _counts(self, first: int, until: int) -> dict[int, int]:
        """Second → lines in it, of those that have any."""
        query = f"sum(count_over_time({self._logql} [1s]))"
        # Loki's count at a time is of the second that ends there.
        found = self._loki.query_range(query, (first + 1) * NS_PER_SECOND, until * NS_PER_SECOND, step="1s")
        return {int(at) - 1: int(count) for series in found for at, count in series["values"]}

    def _runs(self, counts: Mapping[int, int]) -> list[tuple[int, int]]:
        """First and last of seconds that are read together, those in between that have not changed included."""
        runs: list[tuple[int, int]] = []
        room = 0
        for second in sorted(counts):
            changed = second not in self._known or self._known[second].counted != counts[second]
            room -= counts[second]
            if room >= 0 and changed:
                runs[-1] = (runs[-1][0], second)
            elif changed:
                runs.append((second, second))
                room = _RUN_LINES - counts[second]
        return runs

    def _read(self, first: int, last: int, counts: Mapping[int, int]) -> Iterator[list[Line]]:
        """Yield what is not known yet of the seconds `first` to `last`."""
        for lines in self._pages.between(first * NS_PER_SECOND + 1, (last + 1) * NS_PER_SECOND + 1):
            if unknown := self._unknown(lines):
                yield unknown
        for second in range(first, last + 1):
            if second in counts:
                self._known.setdefault(second, _Second()).counted = counts[second]

    def _tell_crowded(self, at_ns: int) -> None:
        self._tell(
            f"{MOST_LINES} or more lines have the time {rfc3339(at_ns)}, and Loki gives no more than that for one "
            "query: some are not shown"
        )

    def _tell_reach(self, limit: int) -> None:
        self._tell(
            f"a line that comes late is shown if it is from after {rfc3339(self._horizon * NS_PER_SECOND)[:19]}Z: no "
            f"more than {limit:,} older ones are remembered"
        )

    def _unknown(self, lines: list[Line]) -> list[Line]:
        """Those of `lines` that were not read before; from now on they were."""
        unknown = []
        by_second: dict[int, set[int]] = {}
        for line in lines:
            second = _second_of(line.timestamp_ns)
            known = self._known.setdefault(second, _Second())
            if second not in by_second:
                by_second[second] = set(known.lines)
            hashes = by_second[second]
            number = _hash(line)
            if number not in hashes:
                hashes.add(number)
                known.lines.append(number)
                unknown.append(line)
        return unknown

    def _forget(self) -> None:
        """Let go of the oldest seconds, so that what is known stays bounded."""
        lines = sum(len(second.lines) for second in self._known.values())
        for second in sorted(self._known):
            if second >= self._position - LOOK_BACK_SECONDS and lines <= MOST_KNOWN:
                break
            lines -= len(self._known.pop(second).lines)
            self._horizon = max(self._horizon, second + 1)
            if second >= self._position - LOOK_BACK_SECONDS and not self._has_forgotten:
                self._has_forgotten = True
                self._tell_reach(MOST_KNOWN)


def _second_of(timestamp_ns: int) -> int:
    """The second after which the line comes; a line on the second belongs to the one before, as Loki counts."""
    return (timestamp_ns - 1) // NS_PER_SECOND


def _hash(line: Line) -> int:
    # What keeps lines apart in Loki.
    return hash(
        (line.timestamp_ns, line.body, tuple(sorted(line.labels.items())), tuple(sorted(line.metadata.items())))
    )

"""A Loki in memory, for what no Loki can be brought to do in a test."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from stack.stores.loki import Line, Loki, UnansweredError
from stack.time_range import NS_PER_SECOND


@dataclass(frozen=True)
class Held(Loki):
    """A Loki that holds `held`, and fails as often as `failures` says."""

    url: str = ""
    held: list[Line] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)

    def lines(
        self,
        logql: str,
        *,
        limit: int = 1000,
        start_ns: int | None = None,
        end_ns: int | None = None,
        direction: str = "backward",
    ) -> list[Line]:
        assert direction == "forward"
        assert logql
        assert start_ns is not None
        assert end_ns is not None
        # Loki answers less as well, with a warning in its log.
        assert end_ns - start_ns >= NS_PER_SECOND
        found = sorted(
            (line for line in self.held if start_ns <= line.timestamp_ns < end_ns), key=lambda line: line.timestamp_ns
        )
        return found[:limit]

    def query_range(self, logql: str, start_ns: int, end_ns: int, **parameters: str | int) -> list[dict[str, Any]]:
        assert re.fullmatch(r"sum\(count_over_time\(\{.*\} \[1s\]\)\)", logql)
        assert parameters == {"step": "1s"}
        if self.failures:
            self.failures.pop()
            raise UnansweredError("asking Loki", "starting", "wait")
        counts = Counter(-(-line.timestamp_ns // NS_PER_SECOND) for line in self.held)
        values = [[at, str(n)] for at, n in counts.items() if start_ns <= at * NS_PER_SECOND <= end_ns]
        return [{"values": values}]

"""What the figures are held against."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.report.results import Results

OURS = "this stack"
Measured = Callable[[Results], float | None]


@dataclass(frozen=True)
class Goal:
    """A figure with its bound."""

    what: str
    measured: Measured
    bound: float
    unit: str = ""
    at_least: bool = False

    def reached(self, value: float) -> bool:
        """Whether `value` keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {number(self.bound)}{self.unit}"


def number(value: float) -> str:
    """A figure with as many digits as a person compares."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2g}"


def ours(scenario: str, case: str, figure: str) -> Measured:
    """The median of a figure of this stack."""

    def measured(results: Results) -> float | None:
        summary = results.summary(scenario, case, OURS, figure)
        return summary.median if summary else None

    return measured


def ratio(scenario: str, case: str, figure: str, other: str) -> Measured:
    """How many times as much as another system's median it is."""

    def measured(results: Results) -> float | None:
        mine = results.summary(scenario, case, OURS, figure)
        theirs = results.summary(scenario, case, other, figure)
        return mine.median / theirs.median if mine and theirs and theirs.median else None

    return measured


def worst_of(scenario: str, figure: str, *cases: str) -> Measured:
    """The largest of a figure over several cases of this stack."""

    def measured(results: Results) -> float | None:
        found = [results.summary(scenario, case, OURS, figure) for case in cases]
        return max((summary.median for summary in found if summary), default=None)

    return measured


HELD = "3.6 M lines, 20,000 lines/s"
STORED = "10 M lines"
BUSY = "10 M lines, more coming in"
TRACE = "from Jaeger: one trace by metadata, 1 h"
OTHERS = (
    "all logs of a service, last hour",
    "errors of all services, last hour",
    "one execution, last hour",
    "one trace, last hour",
    "dashboard: lines by level, last hour",
)
GOALS = (
    Goal("emit → queryable, p99 at 10 lines/s", ours("latency", "10 lines/s", "p99 s"), 0.3, " s"),
    Goal("… from logger.info", ours("latency", "10 lines/s, from logger.info", "p99 s"), 0.3, " s"),
    Goal("emit → queryable, p99 at 10,000 lines/s", ours("latency", "10,000 lines/s", "p99 s"), 1, " s"),
    Goal(
        "burst accepted, share of what Loki alone takes",
        ratio("burst", "1 M lines, full speed", "accepted lines/s", "Loki alone"),
        0.85,
        at_least=True,
    ),
    Goal("burst: lost lines", ours("burst", "1 M lines, full speed", "lost lines"), 0),
    Goal(
        "sustained with kill -9 and the worst query, accepted",
        ours("sustained", HELD, "accepted lines/s"),
        19_900,
        " lines/s",
        at_least=True,
    ),
    Goal("… lost lines", ours("sustained", HELD, "lost lines"), 0),
    Goal("… Loki ready again after kill -9", ours("sustained", HELD, "Loki ready again s"), 30, " s"),
    Goal("… restarts of Loki (one kill)", ours("sustained", HELD, "restarts of loki"), 1),
    Goal(
        "one trace from Jaeger (1 h) on 10 M lines, p95",
        ours("queries", f"{STORED}: {TRACE}", "p95 s"),
        1,
        " s",
    ),
    Goal("… while more come in", ours("queries", f"{BUSY}: {TRACE}", "p95 s"), 1, " s"),
    Goal(
        "the other queries over the hour that a dashboard asks, p95",
        worst_of("queries", "p95 s", *(f"{STORED}: {question}" for question in OTHERS)),
        3,
        " s",
    ),
    Goal(
        "… while more come in", worst_of("queries", "p95 s", *(f"{BUSY}: {question}" for question in OTHERS)), 3, " s"
    ),
    Goal("restarts by the worst queries", ours("queries", "after the worst queries", "restarts of loki"), 0),
    Goal("idle: memory in all", ours("footprint", "idle", "memory in all MiB"), 250, " MiB"),
    Goal("idle: CPU in all", ours("footprint", "idle", "CPU in all % of a core"), 3, " % of a core"),
    Goal("disk, share of the JSON", ours("queries", f"{STORED}: storing them", "share of the JSON"), 0.2),
)

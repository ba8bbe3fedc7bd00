"""The provisioned alert rules, as far as Grafana evaluates them: a query, a threshold, and how long it has to hold."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import yaml

from stack.paths import ROOT

FILE = ROOT / "grafana" / "provisioning" / "alerting" / "rules.yaml"
COMPARISONS: dict[str, Callable[[float, float], bool]] = {"gt": operator.gt, "lt": operator.lt}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# In a query durations stand behind `[` and `offset`.
IN_QUERY = re.compile(r"(?<=\[)(\d+)([smhd])(?=])|(?<=offset )(\d+)([smhd])")


@dataclass(frozen=True)
class Rule:
    """One rule; durations are seconds."""

    uid: str
    title: str
    query: str
    comparison: str
    threshold: float
    held_for: float
    interval: float

    def is_breached_by(self, value: float) -> bool:
        """Whether a series of the query's result is on the wrong side of the threshold."""
        return COMPARISONS[self.comparison](value, self.threshold)

    def in_time_lapse(self, factor: float) -> "Rule":
        """The same rule for a stack in which everything happens `factor` times faster."""
        asks_for_an_age = self.query.startswith("time()")
        return replace(
            self,
            query=IN_QUERY.sub(lambda found: shortened(found[0], factor), self.query),
            threshold=self.threshold / factor if asks_for_an_age else self.threshold,
            held_for=self.held_for / factor,
            interval=self.interval / factor,
        )


def load() -> list[Rule]:
    """Every rule of the provisioned file."""
    document = yaml.safe_load(FILE.read_text())
    return [_rule(rule, group["interval"]) for group in document["groups"] for rule in group["rules"]]


def shortened(duration: str, factor: float) -> str:
    """A duration such as `5m`, divided, in whole milliseconds."""
    return f"{round(seconds(duration) / factor * 1000)}ms"


def seconds(duration: str) -> float:
    """A duration of one number and one unit, such as `5m`."""
    return int(duration[:-1]) * SECONDS[duration[-1]]


def _rule(rule: dict[str, Any], interval: str) -> Rule:
    query, threshold = (step["model"] for step in rule["data"])
    [condition] = threshold["conditions"]
    [limit] = condition["evaluator"]["params"]
    comparison = condition["evaluator"]["type"]
    held_for = seconds(rule["for"])
    return Rule(rule["uid"], rule["title"], query["expr"], comparison, limit, held_for, seconds(interval))

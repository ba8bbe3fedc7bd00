"""What a scenario is: something done to a running system, and the figures that come out of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.systems.compared import System
from bench.systems.running import Running

Figures = dict[str, float]
"""Figure, with its unit at the end of its name → value."""
Cases = dict[str, Figures]
"""Case of a scenario (a rate, a query, a size) → its figures."""


@dataclass(frozen=True)
class Scenario:
    """Measured on each of `systems` in turn, `repeats` times, so that a busy moment of the machine hits all of them."""

    name: str
    what: str
    systems: tuple[Callable[[], System], ...]
    measure: Callable[[Running], Cases]
    repeats: int = 2


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

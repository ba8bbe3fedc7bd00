"""Results as JSON: every run of every scenario, so that a part can be measured again without the rest."""

import json
import os
import platform
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.scenario import Cases, Figures

Runs = dict[str, dict[str, list[Figures]]]
"""Case → system → the figures of each run."""


@dataclass(frozen=True)
class Summary:
    """A figure over several runs."""

    median: float
    least: float
    most: float


@dataclass
class Results:
    """Scenario → case → system → runs, with where and when each scenario was measured."""

    scenarios: dict[str, Runs] = field(default_factory=dict)
    measured: dict[str, str] = field(default_factory=dict)
    machine: str = ""

    @classmethod
    def read(cls, file: Path) -> "Results":
        """What `file` has, or nothing yet."""
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    def write(self, file: Path) -> None:
        """Keep everything."""
        document = {"machine": self.machine, "measured": self.measured, "scenarios": self.scenarios}
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(document, indent=1) + "\n")

    def begin(self, scenario: str) -> None:
        """Forget what is about to be measured again."""
        self.machine = f"{os.cpu_count()} cores, {_memory_gib():.0f} GiB, {platform.system()} {platform.release()}"
        self.scenarios.pop(scenario, None)
        self.measured[scenario] = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")

    def add(self, scenario: str, system: str, cases: Cases) -> None:
        """Keep one run."""
        for case, figures in cases.items():
            self.scenarios.setdefault(scenario, {}).setdefault(case, {}).setdefault(system, []).append(figures)

    def summary(self, scenario: str, case: str, system: str, figure: str) -> Summary | None:
        """Median and spread of a figure, or None where it was not measured."""
        runs = self.scenarios.get(scenario, {}).get(case, {}).get(system, [])
        values = [run[figure] for run in runs if figure in run]
        return Summary(statistics.median(values), min(values), max(values)) if values else None

    def systems(self, scenario: str) -> list[str]:
        """The systems that were measured, in the order of measuring."""
        return list(dict.fromkeys(system for systems in self.scenarios[scenario].values() for system in systems))

    def figures(self, scenario: str, case: str) -> Iterator[str]:
        """The figures that any system has in a case."""
        seen = (name for runs in self.scenarios[scenario][case].values() for run in runs for name in run)
        return iter(dict.fromkeys(seen))


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30

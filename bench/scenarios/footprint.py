"""What each component uses, at rest and with lines coming in."""

import time
from dataclasses import dataclass

from bench.load.senders import Senders
from bench.load.templates import prepared
from bench.scenario import Cases, Figures
from bench.systems.running import Running

SIZE = 100


@dataclass(frozen=True)
class Footprint:
    """`seconds` at rest, and as long with each of `rates` lines a second, after `rest` seconds to calm down."""

    rates: tuple[int, ...] = (1_000, 10_000)
    # Whole intervals of the health checks, each of which is a process of its own.
    seconds: int = 60
    rest: int = 30

    def __call__(self, running: Running) -> Cases:
        """Measure at rest first: what comes afterwards leaves its traces in memory."""
        time.sleep(self.rest)
        cases = {"idle": self._used(running)}
        for rate in self.rates:
            lines = prepared([f"footprint-{number}" for number in range(7)], rate * (self.seconds + 5), size=SIZE)
            # What a configuration uses that takes nothing any more is a figure, too.
            with Senders(running.logs_url, lines, per_second=rate / SIZE):
                time.sleep(5)
                cases[f"{rate:,} lines/s"] = self._used(running)
        return cases

    def _used(self, running: Running) -> Figures:
        before, began = running.containers.usage(), time.monotonic()
        time.sleep(self.seconds)
        after, seconds = running.containers.usage(), time.monotonic() - began
        # A health check is a process of its container, and so is counted.
        share = {
            name: (after[name].cpu_seconds - used.cpu_seconds) / seconds * 100
            for name, used in before.items()
            # One that was killed meanwhile has begun anew.
            if name in after and after[name].cpu_seconds >= used.cpu_seconds
        }
        memory = {name: used.memory_mib for name, used in after.items()}
        return {
            "memory in all MiB": sum(memory.values()),
            "CPU in all % of a core": sum(share.values()),
            **{f"memory of {name} MiB": mib for name, mib in memory.items()},
            **{f"CPU of {name} % of a core": percent for name, percent in share.items()},
        }

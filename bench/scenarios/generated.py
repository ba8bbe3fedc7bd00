"""Lines from the Collector project's own generator, to hold against those of bench/load/templates.py."""

import subprocess
import time
from dataclasses import dataclass

from bench.load.tally import count
from bench.load.telemetrygen import program
from bench.load.templates import LINE_BYTES, REQUEST_LINES
from bench.scenario import Cases, Figures
from bench.systems.collector import wait_until_drained
from bench.systems.running import PORTS, Running
from stack.failure import StepError

# As many as bench/load/senders.py has connections. A process each: one clock a service, so that no two lines of a
# stream, which all have the same text, have the same time as well and count as one.
PROCESSES = 4
GIVE_UP_SECONDS = 120.0


@dataclass(frozen=True)
class Generated:
    """`lines` lines as fast as they are taken."""

    lines: int

    def __call__(self, running: Running) -> Cases:
        """Send all, wait until nothing moves any more, and count."""
        telemetrygen = str(program())
        began, began_ns = time.monotonic(), time.time_ns()
        generators = [
            subprocess.Popen(
                [telemetrygen, *self._arguments(number)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            for number in range(PROCESSES)
        ]
        # It says nothing of what it was refused: a rate has only who got through.
        figures: Figures = {"lines/s": self.lines / (time.monotonic() - began)} if _all_through(generators) else {}
        if running.has_loki:
            wait_until_drained(running.collector_metrics)
            figures["lost lines"] = self.lines - _stored(running, began_ns)
        return {f"{self.lines / 1e6:g} M lines, full speed": figures}

    def _arguments(self, number: int) -> list[str]:
        return [
            "logs",
            "--otlp-insecure",
            f"--otlp-endpoint=127.0.0.1:{PORTS['OTLP_GRPC_PORT']}",
            f"--service=telemetrygen-{number}",
            f"--logs={self.lines // PROCESSES}",
            "--rate=0",
            "--batch",
            f"--batch-size={REQUEST_LINES}",
            f"--body={'x' * LINE_BYTES}",
            # What is refused for good is missing in Loki, which is what is counted.
            "--allow-export-failures",
        ]


def _all_through(generators: list[subprocess.Popen[bytes]]) -> bool:
    """Wait until all have ended; those that have not after two minutes are ended, and what they still had is lost."""
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    for generator in generators:
        try:
            generator.wait(max(0.0, give_up_at - time.monotonic()))
        except subprocess.TimeoutExpired:
            for left in generators:
                left.kill()
                left.wait()
            return False
    return True


def _stored(running: Running, since_ns: int) -> int:
    try:
        return count(running.loki, '{service_name=~"telemetrygen-.+"}', since_ns, time.time_ns())
    except StepError:
        # What can't be read is lost.
        return 0

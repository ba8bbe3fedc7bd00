"""Lines from the Collector project's own generator, to hold against those of `bench.load`."""

import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass

from bench.collector import wait_until_drained
from bench.load import LINE_BYTES, REQUEST_LINES
from bench.scenario import Cases, Figures
from bench.systems import PORTS, Running
from bench.tally import count
from bench.telemetrygen import program
from stack.failure import StepError

# As many as `bench.load` has connections. A process each: one clock a service, so that no two lines of a stream, which
# all have the same text, have the same time as well and count as one.
PROCESSES = 4


@dataclass(frozen=True)
class Generated:
    """`lines` lines as fast as they are taken."""

    lines: int

    def __call__(self, running: Running) -> Cases:
        """Send all, wait until nothing moves any more, and count."""
        telemetrygen = str(program())
        began, began_ns = time.monotonic(), time.time_ns()
        with ExitStack() as all_ended:
            for number in range(PROCESSES):
                command = [telemetrygen, *self._arguments(number)]
                all_ended.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        figures: Figures = {"lines/s": self.lines / (time.monotonic() - began)}
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


def _stored(running: Running, since_ns: int) -> int:
    try:
        return count(running.loki, '{service_name=~"telemetrygen-.+"}', since_ns, time.time_ns())
    except StepError:
        # What can't be read is lost.
        return 0

"""`python -m stack tail` as a person runs it, and what it has shown."""

import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.paths import ROOT

_SHOWN = re.compile(r"(?P<service>tail-\S+)  .*number=(?P<number>\d{9})")
_MEGABYTE_KB = 1000


@dataclass(frozen=True)
class Following:
    """A running `make tail`."""

    process: subprocess.Popen[bytes]
    output: Path
    errors: Path

    def shown(self) -> Counter[tuple[str, int]]:
        """How often each line was shown: its service and its number."""
        with self.output.open() as lines:
            found = (_SHOWN.search(line) for line in lines)
            return Counter((match["service"], int(match["number"])) for match in found if match)

    def told(self) -> str:
        """What it said on stderr."""
        return self.errors.read_text()

    def peak_megabytes(self) -> float:
        """The most memory it ever had resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return int(peak) / _MEGABYTE_KB

    def interrupt(self) -> int:
        """Press Ctrl-C; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


@contextmanager
def following(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Following]:
    """`python -m stack tail`, once it follows, its output in files in `folder`."""
    output, errors = folder / "shown", folder / "told"
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        command = [sys.executable, "-m", "stack", "tail", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=stdout, stderr=stderr)
    tail = Following(process, output, errors)
    try:
        give_up_at = time.monotonic() + 30
        while "ends with Ctrl-C" not in tail.told():
            assert process.poll() is None, tail.told()
            assert time.monotonic() < give_up_at, "it does not begin"
            time.sleep(0.1)
        yield tail
    finally:
        process.kill()
        process.wait()

"""`python -m stack tail` as a person runs it, and what it has shown."""

import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.paths import ROOT
from tests.support.eventually import eventually

_SHOWN = re.compile(r"(?P<service>tail-\S+)  .*number=(?P<number>\d{9})")
_MEGABYTE_KB = 1000


@dataclass(frozen=True)
class Following:
    """A running `make tail`, and the terminal that it prints to."""

    name: str
    process: subprocess.Popen[bytes]
    terminal: subprocess.Popen[bytes]
    output: Path
    errors: Path

    def shown(self) -> Counter[tuple[str, int]]:
        """How often each line was shown, of the services whose names begin with `name`: service and number."""
        with self.output.open() as lines:
            found = (_SHOWN.search(line) for line in lines)
            return Counter(
                (match["service"], int(match["number"]))
                for match in found
                if match and match["service"].startswith(self.name)
            )

    def told(self) -> str:
        """What it said on stderr."""
        return self.errors.read_text()

    def peak_megabytes(self) -> float:
        """The most memory it ever had resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return int(peak) / _MEGABYTE_KB

    def interrupt(self) -> int:
        """Press Ctrl-C; its exit code, once the terminal has all that was printed."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=20)
        self.terminal.wait(timeout=20)
        return code

    @contextmanager
    def slow_terminal(self) -> Iterator[None]:
        """Let the terminal read nothing meanwhile."""
        self.terminal.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.terminal.send_signal(signal.SIGCONT)


@contextmanager
def following(name: str, folder: Path, *arguments: str) -> Iterator[Following]:
    """`python -m stack tail`, once it follows; what it prints goes through a terminal into a file in `folder`."""
    output, errors = folder / "shown", folder / "told"
    with output.open("wb") as file:
        terminal = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
    assert terminal.stdin is not None
    command = [sys.executable, "-m", "stack", "tail", *arguments]
    with errors.open("wb") as file, terminal.stdin as pipe:
        process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=file)
    tail = Following(name, process, terminal, output, errors)
    try:
        eventually(tail.told, lambda told: "ends with Ctrl-C" in told, sent=command, components=("loki",))
        yield tail
    finally:
        for each in (process, terminal):
            each.kill()
            each.wait()

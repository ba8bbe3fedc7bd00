"""Seconds and peak memory of audit and backfill on a million lines: `python -m tests.audit.million_lines`.

No test: it takes minutes, and leaves the lines in Loki. It needs the running stack, and 1.5 GB of disk.
"""

import os
import subprocess
import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from stack.paths import ROOT
from tests.audit.subject import FLOOD, Subject


def main(lines: Annotated[int, typer.Option(min=1)] = 1_000_000) -> None:
    """Write lines that never saw the Collector, then audit, backfill, and audit again."""
    table = Table("step", "seconds", "of them own CPU", "peak memory (MiB)", "exit code", box=None, pad_edge=False)
    subject = Subject()
    try:
        subject.run(FLOOD, str(lines))
        for command in ("audit", "backfill", "audit"):
            table.add_row(command, *_measured(command, subject.service_name))
    finally:
        subject.remove()
    Console().print(table)


def _measured(command: str, service_name: str) -> tuple[str, ...]:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "stack", command, service_name, "--since", "59m", "--until", "0s"], cwd=ROOT
    )
    # wait4 gives the usage of this child alone; RUSAGE_CHILDREN would be the largest of all so far.
    _, status, usage = os.wait4(process.pid, 0)
    return (
        f"{time.monotonic() - began:.1f}",
        f"{usage.ru_utime + usage.ru_stime:.1f}",
        f"{usage.ru_maxrss / 1024:.0f}",
        str(os.waitstatus_to_exitcode(status)),
    )


if __name__ == "__main__":
    typer.run(main)

"""What an audit found, as a table."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from stack.audit.audit import Finding
from stack.terminal import errors
from stack.time_range import Window, rfc3339

# Piped, the table keeps its columns whole.
_PIPED_WIDTH = 140

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A progress display on a terminal, gone when it is over; nothing where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        yield progress


def show(findings: list[Finding], window: Window) -> bool:
    """Print what was found; returns whether nothing is missing."""
    console.print(f"{window}, by each line's own time\n")
    console.print(_table(findings, window))
    console.print()
    for finding in findings:
        if finding.missing_between:
            first, last = (rfc3339(at_ns)[:23] + "Z" for at_ns in finding.missing_between)
            console.print(f"missing of {escape(finding.service.name)}: between {first} and {last}")
    missing = sum(finding.counts.missing for finding in findings)
    if missing:
        console.print(f"[bold red]Not in Loki: {missing:,} lines.[/bold red]")
        return False
    console.print("[green]Nothing is missing:[/green] every line of these container logs is in Loki.")
    return True


def _table(findings: list[Finding], window: Window) -> Table:
    names = ("written", "not JSON", "in Loki", "missing", "duplicated", "only in Loki")
    table = Table(box=None, pad_edge=False, show_footer=len(findings) > 1)
    table.add_column("service", footer="total", overflow="fold")
    rows = [
        (each.written, each.not_json, each.stored, each.missing, each.duplicated, each.only_stored)
        for each in (finding.counts for finding in findings)
    ]
    for name, numbers in zip(names, zip(*rows, strict=True), strict=True):
        table.add_column(name, footer=f"{sum(numbers):,}", justify="right", overflow="fold")
    table.add_column("container log from", overflow="fold")
    for finding, row in zip(findings, rows, strict=True):
        covered = finding.log_from_ns <= window.since_ns
        log_from = "before the window" if covered else f"{rfc3339(finding.log_from_ns)[:19]}Z"
        style = "red" if finding.counts.missing else None
        table.add_row(escape(finding.service.name), *(f"{number:,}" for number in row), log_from, style=style)
    return table

"""The commands `backup` and `restore`."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from stack.backup.archive import megabytes
from stack.backup.backup import BACKUPS, back_up
from stack.backup.restore import restore
from stack.failure import StepError
from stack.terminal import console, told_failures

app = typer.Typer()
PANEL = "Keep"


@app.command("backup", rich_help_panel=PANEL)
def backup_command(
    file: Annotated[
        Path | None, typer.Option(help="The new archive; by default named by the time, in backups/.")
    ] = None,
) -> None:
    """Copy all stored data into one file."""
    with _told_failures():
        began = time.monotonic()
        written = back_up(file, _tell)
        size, seconds = megabytes(written.stat().st_size), time.monotonic() - began
        console.print(f"[green]written[/green] {escape(str(written))}: {size} after {seconds:.1f} s")
        console.print(".env (Grafana's password among others) is not in it: keep a copy beside it.")


@app.command("restore", rich_help_panel=PANEL)
def restore_command(
    file: Annotated[Path | None, typer.Option(help="An archive of `make backup`.")] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace what is stored now.")] = False,
) -> None:
    """Put a backup in place."""
    with _told_failures():
        if file is None:
            known = ", ".join(sorted(str(path) for path in BACKUPS.glob("*.zip"))) or "none"
            raise StepError("restore", f"no file is named; in backups/: {known}", "make restore FILE=….")
        restore(file, force=force, report=_tell)
        console.print("[green]restored[/green]; `make up` starts whatever does not run")


def _tell(step: str) -> None:
    console.print(f"  {escape(step)}")


@contextmanager
def _told_failures() -> Iterator[None]:
    # A backup that a scheduler ends has to start the stores again, as one that a person interrupts does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with told_failures():
        yield

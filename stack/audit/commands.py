"""The commands `audit` and `backfill`.

Exit codes: 0 nothing is missing, 1 something is, 2 it could not be audited.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from stack.audit.audit import SETTLED_AFTER_SECONDS, Auditor, audit, find_services
from stack.audit.backfill import backfill
from stack.audit.report import console, show, shown_progress
from stack.terminal import errors, told_failures
from stack.time_range import Window, parse_time

SOMETHING_MISSING, NOT_AUDITED = 1, 2

app = typer.Typer()
PANEL = "Find and send what is missing"
Services = Annotated[
    list[str] | None, typer.Argument(help="Compose services or service names; all when left out.", show_default=False)
]
Since = Annotated[str, typer.Option(help="Start: a duration ago (90s, 15m, 2h30m, 7d) or an RFC 3339 time.")]
Until = Annotated[str, typer.Option(help="End, exclusive: as --since; 0s is now.")]


@app.command("audit", rich_help_panel=PANEL)
def audit_command(services: Services = None, since: Since = "1h", until: Until = f"{SETTLED_AFTER_SECONDS}s") -> None:
    """Look whether every line that was written is in Loki.

    Exit code: 0 nothing is missing, 1 something is, 2 it could not be audited.
    """
    window = _window(since, until)
    with _told_failures():
        with shown_progress() as progress:
            findings = audit(Auditor(window, progress), find_services(services or []))
        complete = show(findings, window)
    if not complete:
        console.print("`make backfill` with the same window sends them.")
        raise typer.Exit(SOMETHING_MISSING)


@app.command("backfill", rich_help_panel=PANEL)
def backfill_command(
    services: Services = None, since: Since = "1h", until: Until = f"{SETTLED_AFTER_SECONDS}s"
) -> None:
    """Send the lines that Loki lacks, then audit again.

    Exit codes as of the audit, after sending.
    """
    window = _window(since, until)
    with _told_failures():
        with shown_progress() as progress:
            auditor = Auditor(window, progress)
            found = find_services(services or [])
            sent = backfill(auditor, progress, found)
            console.print(f"Sent to the Collector: {sent:,} lines.\n")
            findings = audit(auditor, found)
        complete = show(findings, window)
    if not complete:
        raise typer.Exit(SOMETHING_MISSING)


def _window(since: str, until: str) -> Window:
    """The window of the command line's options.

    Raises:
        typer.BadParameter: an option can't be read, or the window would be empty; exit code 2.

    """
    now_ns = time.time_ns()
    window = Window(_parsed("--since", since, now_ns), _parsed("--until", until, now_ns))
    if window.since_ns >= window.until_ns:
        raise typer.BadParameter(f"{since!r} is not before --until {until!r}", param_hint="--since")
    return window


def _parsed(option: str, text: str, now_ns: int) -> int:
    try:
        return parse_time(text, now_ns)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


@contextmanager
def _told_failures() -> Iterator[None]:
    try:
        with told_failures("not audited", NOT_AUDITED):
            yield
    except typer.Exit:
        raise
    except Exception:
        # Python's own exit code would say that something is missing.
        errors.print_exception()
        raise typer.Exit(NOT_AUDITED) from None

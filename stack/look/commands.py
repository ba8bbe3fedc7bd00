"""The commands `trace` and `tail`."""

import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from stack.docker.endpoints import endpoints
from stack.failure import StepError
from stack.look import tail, trace
from stack.look.line_view import one_line
from stack.look.new_lines import NewLines
from stack.stores.jaeger import Jaeger
from stack.stores.loki import Loki
from stack.terminal import console, errors, told_failures
from stack.time_range import parse_time

app = typer.Typer()
PANEL = "Look"


@app.command("trace", rich_help_panel=PANEL)
def trace_command(given: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show a trace with its log lines.

    ID is a trace id, an execution_id, or a whole log line.
    """
    with told_failures():
        at = endpoints()
        story = trace.find(given, Loki(at.loki), Jaeger(at.jaeger))
        # A tree wraps at the terminal's width; in a pipe or a file it has room.
        trace.show(story, Console(highlight=False, width=None if sys.stdout.isatty() else 160))


@app.command("tail", rich_help_panel=PANEL)
def tail_command(
    service: Annotated[str | None, typer.Option(help="Its service.name, with or without the namespace.")] = None,
    level: Annotated[str | None, typer.Option(help="This level and above.")] = None,
    since: Annotated[str, typer.Option(help="Start: a duration ago (90s, 15m, 2h30m, 7d) or an RFC 3339 time.")] = "0s",
) -> None:
    """Show log lines, and follow new ones.

    Late lines are shown when they arrive, up to an hour late.

    Less where that is more than 4,000,000 lines, or 50,000 before the beginning: it says so. An earlier --since helps.
    """
    with told_failures():
        loki = Loki(endpoints().loki)
        query = tail.selector(service or None, level or None, loki)
        try:
            since_ns = parse_time(since, time.time_ns())
        except ValueError as error:
            raise StepError("following the logs", str(error), "Write SINCE=15m, for instance.") from error
        new_lines = NewLines(loki, query, since_ns, lambda news: errors.print(f"[yellow]{escape(news)}[/yellow]"))
        new_lines.learn()
        errors.print(f"[dim]{escape(query)}   (ends with Ctrl-C)[/dim]")
        for lines in new_lines.follow():
            console.print("\n".join(map(one_line, lines)))
            # Into a pipe or a file as well, a line is there when it is there.
            console.file.flush()

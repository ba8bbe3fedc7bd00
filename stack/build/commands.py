"""The command `build`."""

import typer
from rich.markup import escape

from stack.build.images import build_all
from stack.terminal import console, told_failures

app = typer.Typer()


@app.command("build", rich_help_panel="Start and stop")
def build_command() -> None:
    """Build from source what images are out of date."""
    with told_failures():
        build_all(lambda line: console.print(escape(line)))

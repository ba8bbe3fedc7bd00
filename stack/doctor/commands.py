"""The command `doctor`."""

import typer
from rich.markup import escape

from stack.doctor.examine import examine
from stack.terminal import console, told_failures

app = typer.Typer()


@app.command("doctor", rich_help_panel="Look")
def doctor_command() -> None:
    """Say what is wrong with the stack and what to do.

    Exit code 1 if anything is wrong.
    """
    with told_failures():
        wrong = 0
        for finding in examine():
            mark = "[red]✗[/red]" if finding.remedy else "[green]✓[/green]"
            console.print(f"{mark} [bold]{escape(finding.subject)}[/bold] {escape(finding.found)}")
            if finding.remedy:
                wrong += 1
                console.print(f"    {escape(finding.remedy)}")
        if wrong:
            raise typer.Exit(1)
        console.print("\nnothing is wrong")

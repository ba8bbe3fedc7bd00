"""How the operator's tools speak: results on stdout, failures on stderr with their reason and their remedy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape

from stack.failure import StepError

console: Final = Console(highlight=False, soft_wrap=True)
errors: Final = Console(stderr=True, highlight=False, soft_wrap=True)

# Takes a line that says what is done now.
Report = Callable[[str], None]


@contextmanager
def told_failures(verdict: str = "failed", code: int = 1) -> Iterator[None]:
    """Tell a `StepError` in three lines after `verdict` and end with `code`; with 130 when a person interrupts."""
    try:
        yield
    except StepError as failure:
        errors.print(f"[bold red]{verdict}:[/bold red] [bold]{escape(failure.what)}[/bold]")
        errors.print(f"  why:    {escape(failure.why)}")
        errors.print(f"  remedy: {escape(failure.remedy)}")
        raise typer.Exit(code) from None
    except KeyboardInterrupt:
        errors.print("interrupted")
        raise typer.Exit(130) from None

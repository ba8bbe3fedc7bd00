"""How the operator's tools speak: results on stdout, failures on stderr with their reason and their remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape

from stack.failure import StepError

console: Final = Console(highlight=False, soft_wrap=True)
errors: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def tell(verdict: str, failure: StepError) -> None:
    """Print what failed, why, and what to do about it, after a word for what that means."""
    errors.print(f"[bold red]{verdict}:[/bold red] [bold]{escape(failure.what)}[/bold]")
    errors.print(f"  why:    {escape(failure.why)}")
    errors.print(f"  remedy: {escape(failure.remedy)}")


@contextmanager
def told_failures() -> Iterator[None]:
    """Tell a `StepError` in three lines and end with code 1; end with 130 when a person interrupts."""
    try:
        yield
    except StepError as failure:
        tell("failed", failure)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        errors.print("interrupted")
        raise typer.Exit(130) from None

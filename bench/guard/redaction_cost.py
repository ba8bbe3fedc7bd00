"""What redaction costs on the worst input of each rule: a megabyte made to be searched for long.

`python -m bench.guard.redaction_cost --json` prints figures for a machine.
"""

import json
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.core.secret_names import SecretNames
from app.core.secret_text import Rule, SecretFinder

_MEGABYTE = 1_000_000
# Of the texts that tell whether time grows as the text does: the larger one, and how much smaller the other is.
_GROWN = 200_000
_GROWTH = 4
_REPEATS = 3
_SHOWN = 40
# Around what a rule looks for: dense hits, near misses, openings without an end, values whose end is hard to see.
_SHAPES = (
    *("{}", "{} ", "{} a", "{}=", "{}=a ", "{}: ", "{}='", "{}={{[", '{}="\\', "{}@", "{}a.", "{}-", "{}aaaaaaaa "),
    *("a{}", f"{{}}={'a,' * 1000} ", f"{{}}={'a)' * 1000} ", f"{{}}=[{'a[b]' * 1000} "),
    # As dense as can be without reaching MOST_FINDINGS in a megabyte, where the search ends.
    *(f"{{}}={'a' * 95} ", f"{{}} {'a ' * 50}", f"{{}}=a{' ' * 98}"),
)


def main(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Measure each rule on its worst shape, and a megabyte of prose through all rules."""
    finder = SecretFinder(SecretNames())
    worst = {rule.hint: max((_milliseconds(rule, shape), shape) for shape in _SHAPES) for rule in finder.rules}
    prose = "The quick brown fox jumps over the lazy dog; nothing in here is secret at all, is it. "
    begun = time.thread_time()
    finder.find(prose * (_MEGABYTE // len(prose)))
    harmless = (time.thread_time() - begun) * 1e3
    if as_json:
        typer.echo(json.dumps({"worst_ms": {hint: ms for hint, (ms, _) in worst.items()}, "prose_ms": harmless}))
        return
    table = Table(title="Milliseconds for 1 MB of the worst input (the slowest ten rules)")
    for column in ("rule", "worst input repeats", "ms"):
        table.add_column(column)
    for hint, (milliseconds, shape) in sorted(worst.items(), key=lambda item: -item[1][0])[:10]:
        piece = shape.format(hint)
        table.add_row(hint, piece if len(piece) <= _SHOWN else f"{piece[:_SHOWN]}…", f"{milliseconds:.0f}")
    console = Console()
    console.print(table)
    console.print(f"1 MB of prose through all rules: {harmless:.0f} ms")


def share_of_linear() -> float:
    """How many times as long the worst rule takes for a larger text as it would if time grew as the text does."""
    return max(_seconds_grow(rule) for rule in SecretFinder(SecretNames()).rules) / _GROWTH


def _seconds_grow(rule: Rule) -> float:
    # The sum over the shapes: the one that grows faster than the text outweighs the others.
    small, large = (sum(_milliseconds(rule, shape, size) for shape in _SHAPES) for size in (_GROWN // _GROWTH, _GROWN))
    return large / small


def _milliseconds(rule: Rule, shape: str, size: int = _MEGABYTE) -> float:
    piece = shape.format(rule.hint)
    text = piece * max(size // len(piece), 1)
    best = float("inf")
    for _ in range(_REPEATS):
        begun = time.thread_time()
        rule.spans(text, text)
        best = min(best, time.thread_time() - begun)
    return best * 1e3


if __name__ == "__main__":
    typer.run(main)

"""docs/benchmarks.md: goals, tables and pictures, between two marks; what is around them is written by people."""

import re
from collections.abc import Iterator

from rich.table import Table

from bench.catalogue import SCENARIOS
from bench.report import plots
from bench.report.goals import GOALS, number
from bench.report.results import Results
from stack.paths import ROOT

REPORT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- written by make bench: begin -->", "<!-- written by make bench: end -->"


def write_report(results: Results) -> None:
    """Put the figures between the marks of the document, and draw the pictures."""
    pictures = plots.draw(results)
    generated = "\n".join([BEGIN, *_document(results, pictures), END])
    text = REPORT.read_text()
    REPORT.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: generated, text, flags=re.DOTALL))


def goals_table(results: Results) -> Table:
    """Each goal with what was measured, for a terminal."""
    table = Table("goal", "bound", "measured", "", box=None, header_style="bold", pad_edge=False)
    for row in _goals(results):
        table.add_row(*row)
    return table


def _goals(results: Results) -> Iterator[tuple[str, str, str, str]]:
    for goal in GOALS:
        value = goal.measured(results)
        if value is not None:
            verdict = "reached" if goal.reached(value) else "**not reached**"
            yield goal.what, str(goal), f"{number(value)}{goal.unit}", verdict


def _document(results: Results, pictures: dict[str, str]) -> Iterator[str]:
    yield f"Measured on {results.machine}. Medians, with smallest and largest where a scenario ran more than once."
    yield ""
    yield from _table(("goal", "bound", "measured", ""), _goals(results))
    for name in dict.fromkeys(scenario.name for scenario in SCENARIOS if scenario.name in results.scenarios):
        yield ""
        yield f"## {name.capitalize()}"
        yield ""
        yield from (scenario.what for scenario in SCENARIOS if scenario.name == name)
        yield f"*Measured {results.measured[name]}.*"
        yield ""
        if name in pictures:
            yield f"![{name}]({pictures[name]})"
            yield ""
        systems = results.systems(name)
        yield from _table(("", "", *systems), _rows(results, name, systems))


def _rows(results: Results, scenario: str, systems: list[str]) -> Iterator[tuple[str, ...]]:
    for case in results.scenarios[scenario]:
        for index, figure in enumerate(results.figures(scenario, case)):
            cells = (_cell(results, scenario, case, system, figure) for system in systems)
            yield (_code(case) if index == 0 else "", figure, *cells)


def _cell(results: Results, scenario: str, case: str, system: str, figure: str) -> str:
    summary = results.summary(scenario, case, system, figure)
    if summary is None:
        return ""
    if number(summary.least) == number(summary.most):
        return number(summary.median)
    return f"{number(summary.median)} ({number(summary.least)} to {number(summary.most)})"


def _code(case: str) -> str:
    """A query in code quotes: `|` would end the cell."""
    words, brace, query = case.partition(": {")
    text = f"{words}: `{{{query}`" if brace else case
    return text.replace("|", "\\|")


def _table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"

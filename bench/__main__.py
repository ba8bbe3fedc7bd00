"""`make bench`: measure, keep every figure in docs/benchmarks.json, and write docs/benchmarks.md from it."""

import os
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.catalogue import NAMES, SCENARIOS
from bench.report.document import REPORT, goals_table, write_report
from bench.report.results import Results
from bench.scenario import Scenario
from bench.systems.running import running
from stack.paths import ROOT
from stack.terminal import console, told_failures

FILE = ROOT / "docs" / "benchmarks.json"


def main(
    only: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(NAMES)}; all when left out")] = None,
) -> None:
    """Measure this stack beside what a user would run in its place, each alone on the machine, in alternation."""
    if unknown := set(only or ()) - set(NAMES):
        raise typer.BadParameter(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if os.geteuid() != 0:
        raise typer.BadParameter("the benchmark kills processes of containers and reads their volumes: run it as root")
    chosen = [scenario for scenario in SCENARIOS if not only or scenario.name in only]
    results = Results.read(FILE)
    with told_failures():
        measure(chosen, results)
    write_report(results)
    console.print(goals_table(results))
    console.print(f"all figures: {REPORT.relative_to(ROOT)}")


def measure(chosen: list[Scenario], results: Results) -> None:
    """Run each scenario on each of its systems, one after the other, `repeats` times."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        runs = sum(scenario.repeats * len(scenario.systems) for scenario in chosen)
        task = progress.add_task("", total=runs)
        # Scenarios of one name are one: the report has a section for each name.
        begun: set[str] = set()
        for scenario in chosen:
            if scenario.name not in begun:
                results.begin(scenario.name)
            begun.add(scenario.name)
            for repeat in range(scenario.repeats):
                for make_system in scenario.systems:
                    system = make_system()
                    progress.update(task, description=f"{scenario.name}: {system} ({repeat + 1}/{scenario.repeats})")
                    with running(system) as started:
                        results.add(scenario.name, system.name, scenario.measure(started))
                    results.write(FILE)
                    progress.advance(task)


if __name__ == "__main__":
    typer.run(main)

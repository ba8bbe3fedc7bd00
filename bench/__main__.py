"""`make bench`: measure, print each figure beside its goal, keep them in .build/bench.json."""

import dataclasses
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import burst, latency, reference, startup
from stack.endpoints import endpoints
from stack.failure import StepError
from stack.loki import Loki
from stack.paths import ROOT

RESULTS = ROOT / ".build" / "bench.json"
SCENARIOS = ("latency", "burst", "start-up")
Rows = list[tuple[str, str, str]]

console = Console(highlight=False, soft_wrap=True)


def main(
    only: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(SCENARIOS)}; all when left out")] = None,
) -> None:
    """Measure the running stack; compare with the specification's own configuration where a ratio says more."""
    chosen = tuple(only or SCENARIOS)
    if unknown := set(chosen) - set(SCENARIOS):
        raise typer.BadParameter(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    results: dict[str, object] = {}
    rows: Rows = []
    try:
        if "latency" in chosen:
            rows += _latency(results)
        if "burst" in chosen:
            rows += _burst(results)
        if "start-up" in chosen:
            rows += _start_up(results)
    except (StepError, TimeoutError, PermissionError) as error:
        console.print(f"[bold red]failed:[/bold red] {error}")
        raise typer.Exit(1) from error
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    console.print(_table(rows))


def _latency(results: dict[str, object]) -> Rows:
    console.print("latency: 80 lines at 10 a second, this stack and the specification's configuration")
    at = endpoints()
    ours = latency.measure(at.otlp_http, Loki(at.loki))
    with reference.running() as other:
        theirs = latency.measure(other.otlp_http, Loki(other.loki))
    results["latency"] = {"this stack": dataclasses.asdict(ours), "specification": dataclasses.asdict(theirs)}
    return [
        ("emit → queryable, worst of 80", f"{ours.worst:.2f} s", "≤ 0.5 s"),
        ("emit → queryable, median", f"{ours.median:.2f} s", ""),
        ("the same with the specification's configuration", f"{theirs.worst:.2f} s", ""),
        ("ratio of the worst", f"1 : {theirs.worst / ours.worst:.0f}", ""),
    ]


def _burst(results: dict[str, object]) -> Rows:
    console.print(f"burst: {burst.LINES:,} lines of 360 B, Loki killed with -9 in the middle")
    found = burst.measure(endpoints(), lambda step: console.print(f"  {step}"))
    results["burst"] = dataclasses.asdict(found)
    rows = [
        ("accepted by the Collector", f"{found.accepted_lines_per_second:,.0f} lines/s", "≥ 30,000 lines/s"),
        ("lost, stored twice", f"{found.lost:,}, {found.duplicated:,}", "0 lost"),
        ("Loki ready again after kill -9", f"{found.loki_ready_again:.1f} s", "≤ 30 s"),
        ("all stored after", f"{found.drained:.0f} s", ""),
        ("peak memory of Loki", f"{found.peak_memory['loki']:.0f} MiB", "≤ 256 MiB"),
        ("peak memory of the Collector", f"{found.peak_memory['otel-collector']:.0f} MiB", "≤ 256 MiB"),
        ("restarts of Loki, the Collector", f"{found.restarts['loki']}, {found.restarts['otel-collector']}", "1, 0"),
        ("killed for memory", ", ".join(n for n, killed in found.oom_killed.items() if killed) or "none", "none"),
    ]
    return rows + [(f"query: {name}", f"{seconds:.1f} s", "") for name, seconds in found.queries.items()]


def _start_up(results: dict[str, object]) -> Rows:
    console.print("start-up: `make down`, `make up`, all images local")
    found = startup.measure(endpoints())
    results["start-up"] = dataclasses.asdict(found)
    return [
        ("`make up` to ready", f"{found.ready:.1f} s", ""),
        ("`make up` to first application line queryable", f"{found.first_line_queryable:.1f} s", "≤ 45 s"),
    ]


def _table(rows: Rows) -> Table:
    table = Table("what", "measured", "goal", box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*row)
    return table


if __name__ == "__main__":
    typer.run(main)

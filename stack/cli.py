"""The command line of the operator's tools. Each command is a Makefile target."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stack.docker import compose
from stack.docker.endpoints import Endpoints, endpoints
from stack.docker.inspect import engine_answers
from stack.failure import StepError
from stack.look import doctor, tail, trace
from stack.look.line_view import one_line
from stack.paths import ROOT
from stack.process import last_lines
from stack.stores.jaeger import Jaeger
from stack.stores.loki import Loki
from stack.terminal import console, errors, told_failures
from stack.time_range import parse_time
from stack.up import configuration_check
from stack.up.bring_up import bring_up

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The operator's tools of the log aggregation stack.")


@app.command()
def up() -> None:
    """Start everything: engine, images, services; wait until all of it is ready."""
    began = time.monotonic()
    with told_failures():
        with_grafana = bring_up(_reporter(began))
        console.print(f"[green]ready[/green] after {time.monotonic() - began:.0f} s\n")
        console.print(_addresses(endpoints(), with_grafana=with_grafana))
        console.print(_next_steps(endpoints(), with_grafana=with_grafana))


@app.command()
def down() -> None:
    """Stop everything; what is stored stays."""
    with told_failures():
        _remove("down", "--remove-orphans")
        console.print("stopped; volumes are kept (`make clean` removes them)")


@app.command()
def clean() -> None:
    """Stop everything and delete its volumes: logs, traces, metrics, dashboards' state, queues."""
    with told_failures():
        if sys.stdin.isatty() and engine_answers():
            typer.confirm("Delete all stored logs, traces and metrics?", abort=True)
        _remove("down", "--remove-orphans", "--volumes")
        console.print("stopped; volumes are gone (images and build caches are kept)")


@app.command()
def check() -> None:
    """Let every component validate its configuration, and Compose its files."""
    with told_failures():
        compose.project(every_profile=True)
        configuration_check.check_configurations()
        console.print("Compose, Loki, the Collector, VictoriaMetrics and Jaeger accept their configuration")


@app.command()
def ps() -> None:
    """Show the containers and their health."""
    with told_failures():
        _show("ps", "--all", "--format", "table {{.Service}}\t{{.Status}}\t{{.Ports}}")


@app.command()
def logs(
    services: Annotated[list[str] | None, typer.Argument(help="Compose services; all when left out.")] = None,
) -> None:
    """Follow the containers' own output, from their last 50 lines on."""
    with told_failures():
        _show("logs", "--follow", "--tail", "50", *(services or []))


@app.command("doctor")
def doctor_command() -> None:
    """Say what is wrong with the stack and what to do; exit code 1 if anything is."""
    with told_failures():
        wrong = 0
        for finding in doctor.examine():
            mark = "[red]✗[/red]" if finding.remedy else "[green]✓[/green]"
            console.print(f"{mark} [bold]{escape(finding.subject)}[/bold] {escape(finding.found)}")
            if finding.remedy:
                wrong += 1
                console.print(f"    {escape(finding.remedy)}")
        if wrong:
            raise typer.Exit(1)
        console.print("\nnothing is wrong")


@app.command("trace")
def trace_command(given: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show a trace's spans with their log lines; ID is a trace id, an execution_id, or a whole log line."""
    with told_failures():
        at = endpoints()
        story = trace.find(given, Loki(at.loki), Jaeger(at.jaeger))
        # A tree wraps at the terminal's width; in a pipe or a file it has room.
        trace.show(story, Console(highlight=False, width=None if sys.stdout.isatty() else 160))


@app.command("tail")
def tail_command(
    service: Annotated[str | None, typer.Option(help="its service.name, with or without the namespace")] = None,
    level: Annotated[str | None, typer.Option(help="this level and above")] = None,
    since: Annotated[str, typer.Option(help="where to begin: 15m, 2h30m, or an RFC 3339 time")] = "0s",
) -> None:
    """Show log lines and follow new ones as they become queryable, of all services or of one."""
    with told_failures():
        loki = Loki(endpoints().loki)
        query = tail.selector(service or None, level or None, loki)
        try:
            since_ns = parse_time(since, time.time_ns())
        except ValueError as error:
            raise StepError("following the logs", str(error), "Write SINCE=15m, for instance.") from error
        errors.print(f"[dim]{escape(query)}   (ends with Ctrl-C)[/dim]")
        for line in tail.follow(loki, query, since_ns):
            console.print(one_line(line))
            # Into a pipe or a file as well, a line is there when it is there.
            console.file.flush()


def _show(*arguments: str) -> None:
    """Hand the terminal to Compose."""
    command = [*compose.command(), *arguments]
    raise typer.Exit(subprocess.run(command, env=compose.environment(), cwd=ROOT, check=False).returncode)


def _remove(*arguments: str) -> None:
    if not engine_answers():
        console.print("no Docker Engine answers, so nothing runs")
        return
    result = compose.compose("--profile", "*", *arguments)
    if result.returncode != 0:
        raise StepError("stopping the services", last_lines(result.stdout, 5), "Mend that, then try again.")


def _reporter(began: float) -> Callable[[str], None]:
    def report(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {escape(step)}")

    return report


def _addresses(at: Endpoints, *, with_grafana: bool) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    if with_grafana:
        table.add_row("Grafana", f"{at.grafana}/explore", "user admin, password GRAFANA_ADMIN_PASSWORD in .env")
    table.add_row("Jaeger", at.jaeger, "traces")
    table.add_row("VictoriaMetrics", f"{at.victoria_metrics}/vmui", "metrics")
    table.add_row("Loki", at.loki, "logs, HTTP API")
    table.add_row("Backend", f"{at.backend}/docs", "the application")
    table.add_row("OTLP/gRPC", at.otlp_grpc, "where your own services send")
    table.add_row("OTLP/HTTP", at.otlp_http, "the same")
    return table


def _next_steps(at: Endpoints, *, with_grafana: bool) -> str:
    grafana = "" if with_grafana else "\nGrafana is not running: its image could not be had here.\n"
    return (
        f"{grafana}\nNext: `make demo` drives traffic through the application, `make tail` follows its lines, "
        "`make test` proves the stack.\nThe newest lines without any tool:\n"
        f"  curl -sG {at.loki}/loki/api/v1/query_range --data-urlencode "
        """'query={service_namespace="integr8scode"}'"""
        f"\nCompose here: {compose.shown_command()} ps"
    )

"""The commands that start, stop and show the services."""

import subprocess
import sys
import time
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from stack.docker import compose, containers
from stack.docker.endpoints import Endpoints, endpoints
from stack.docker.inspect import engine_answers
from stack.failure import StepError
from stack.paths import ROOT
from stack.process import last_lines
from stack.terminal import Report, console, told_failures
from stack.up.bring_up import bring_up
from stack.up.configuration_check import check_configurations
from stack.up.one_at_a_time import one_at_a_time

app = typer.Typer()
PANEL = "Start and stop"


@app.command(rich_help_panel=PANEL)
def up() -> None:
    """Start everything, and wait until it is ready."""
    began = time.monotonic()
    report = _reporter(began)
    with told_failures():
        with one_at_a_time(report):
            with_grafana = bring_up(report)
        console.print(f"[green]ready[/green] after {time.monotonic() - began:.0f} s\n")
        console.print(_addresses(endpoints(), with_grafana=with_grafana))
        console.print(_next_steps(endpoints(), with_grafana=with_grafana))


@app.command(rich_help_panel=PANEL)
def down() -> None:
    """Stop everything; what is stored stays."""
    with told_failures():
        _remove("down", "--remove-orphans")
        console.print("stopped; volumes are kept (`make clean` removes them)")


@app.command(rich_help_panel=PANEL)
def clean(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: needed where there is no terminal.")] = False,
) -> None:
    """Stop everything and delete all stored data."""
    with told_failures():
        if not yes and engine_answers():
            _confirm_deletion()
        _remove("down", "--remove-orphans", "--volumes")
        console.print("stopped; volumes are gone (images and build caches are kept)")


@app.command(rich_help_panel=PANEL)
def status() -> None:
    """Show each service's health, and the addresses again."""
    with told_failures():
        found = containers.listed()
        if not found:
            raise StepError("looking for the services", "none has a container", "`make up` starts them.")
        console.print(_healths(found))
        with_grafana = any(each["Service"] == "grafana" and each["State"] == "running" for each in found)
        console.print(_addresses(endpoints(), with_grafana=with_grafana))


@app.command(rich_help_panel=PANEL)
def check() -> None:
    """Check every configuration, each by its own component."""
    with told_failures():
        compose.project(every_profile=True)
        check_configurations()
        console.print("Compose, Loki, the Collector, VictoriaMetrics and Jaeger accept their configuration")


@app.command(rich_help_panel=PANEL)
def logs(
    services: Annotated[list[str] | None, typer.Argument(help="Compose services; all when left out.")] = None,
) -> None:
    """Follow the containers' own output.

    It begins with the last 50 lines of each.
    """
    with told_failures():
        command = [*compose.command(), "logs", "--follow", "--tail", "50", *(services or [])]
        # The terminal is Compose's.
        raise typer.Exit(subprocess.run(command, env=compose.environment(), cwd=ROOT, check=False).returncode)


def _remove(*arguments: str) -> None:
    if not engine_answers():
        console.print("no Docker Engine answers, so nothing runs")
        return
    with one_at_a_time(console.print):
        result = compose.compose("--profile", "*", *arguments)
    if result.returncode != 0:
        raise StepError("stopping the services", last_lines(result.stdout, 5), "Mend that, then try again.")


def _confirm_deletion() -> None:
    if not sys.stdin.isatty():
        raise StepError(
            "deleting what is stored", "there is no terminal to ask on", "`make clean YES=1` deletes without asking."
        )
    typer.confirm("Delete all stored logs, traces and metrics?", abort=True)


def _healths(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for each in sorted(found, key=lambda container: container["Service"]):
        well = each["State"] == "running" and each["Health"] in {"healthy", ""}
        done = each["State"] == "exited" and each["ExitCode"] == 0
        style = "green" if well else "dim" if done else "red"
        table.add_row(each["Service"], f"[{style}]{escape(each['Status'])}[/{style}]")
    return table


def _reporter(began: float) -> Report:
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

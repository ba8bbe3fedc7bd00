"""`make audit`: is every line that the application wrote in Loki? Service by service, over a window of time."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from stack.audit import container_logs
from stack.audit.compare_lines import Comparison, Counts
from stack.audit.container_logs import Container, WrittenLine
from stack.docker import compose
from stack.docker.endpoints import endpoints
from stack.failure import StepError
from stack.stores import loki_lines
from stack.stores.collector import CollectorQueue
from stack.stores.loki_lines import StoredLine
from stack.terminal import errors, tell
from stack.time_range import NS_PER_SECOND, Window, parse_time, rfc3339

NOTHING_MISSING, SOMETHING_MISSING, NOT_AUDITED = 0, 1, 2
# Younger lines may still be in the queue of the process that wrote them.
SETTLED_AFTER_SECONDS = 10

# Piped, the table keeps its columns whole.
_PIPED_WIDTH = 140

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH)

Line = TypeVar("Line", WrittenLine, StoredLine)
Services = Annotated[
    list[str] | None, typer.Argument(help="Compose services or service names; all when left out.", show_default=False)
]
Since = Annotated[str, typer.Option(help="Start: a duration ago (90s, 15m, 2h30m, 7d) or an RFC 3339 time.")]
Until = Annotated[str, typer.Option(help="End, exclusive: as --since; 0s is now.")]


@dataclass(frozen=True)
class Service:
    """A service by its name in Loki, with the containers that wrote its lines."""

    name: str
    namespace: str
    containers: list[Container]


@dataclass(frozen=True)
class Finding:
    """What the audit of one service found."""

    service: Service
    counts: Counts
    # Earlier lines are gone from the container log, or there were none.
    log_from_ns: int
    missing_between: tuple[int, int] | None


class Auditor:
    """Compares the container logs of this checkout's project with its Loki, and shows how far it is."""

    def __init__(self, window: Window, progress: Progress) -> None:
        self.window = window
        self._progress = progress

    def settle(self) -> None:
        """Wait until every line of the window has had the time to reach Loki.

        Raises:
            StepError: Loki or the Collector does not answer, or the Collector does not get rid of what it holds.

        """
        task = self._progress.add_task("", total=None)

        def report(what: str) -> None:
            self._progress.update(task, description=what)

        while (left := self.window.until_ns / NS_PER_SECOND + SETTLED_AFTER_SECONDS - time.time()) > 0:
            report(f"waiting {left:.0f} s: younger lines may still be on their way")
            time.sleep(min(left, 1.0))
        loki_lines.require_ready(endpoints().loki)
        CollectorQueue(endpoints().otel_collector_metrics).wait_until_drained(report)
        self._progress.remove_task(task)

    def compare(self, service: Service, comparison: Comparison) -> Finding:
        """Fill `comparison` with both sides of `service`; the source of a written line is its container's index.

        Raises:
            StepError: one of the sides can't be read.

        """
        task = self._progress.add_task("", total=2 * (self.window.until_ns - self.window.since_ns))
        for index, container in enumerate(service.containers):
            lines = container_logs.read(container, self.window)
            comparison.add_written(self._watched(task, 0, f"{service.name}: container log", lines), index)
        stored = loki_lines.read(endpoints().loki, service.name, service.namespace, self.window)
        comparison.add_stored(self._watched(task, 1, f"{service.name}: Loki", stored))
        self._progress.update(task, description=f"{service.name}: comparing")
        counts = comparison.counts()
        self._progress.remove_task(task)
        log_from_ns = min(container_logs.oldest_ns(container) for container in service.containers)
        return Finding(service, counts, log_from_ns, comparison.missing_between())

    def _watched(self, task: TaskID, half: int, what: str, lines: Iterable[Line]) -> Iterator[Line]:
        """Pass `lines` on, and show how far in the window they are."""
        length = self.window.until_ns - self.window.since_ns
        self._progress.update(task, description=what, completed=half * length)
        for number, line in enumerate(lines, 1):
            yield line
            if number % 1000 == 0:
                passed = half * length + line.at_ns - self.window.since_ns
                self._progress.update(task, description=f"{what}, {number:,} lines", completed=passed)


def find_services(wanted: list[str]) -> list[Service]:
    """The project's services that send logs, by name; all, or those whose Compose service or name is `wanted`.

    Raises:
        StepError: no engine answers, there are none, or a wanted one is not among them.

    """
    containers = container_logs.find_containers(compose.project()["name"])
    if not containers:
        raise StepError(
            "looking for container logs",
            "no container of this project has an OTEL_SERVICE_NAME",
            "Start the application (`make up`), then try again.",
        )
    known = {name for container in containers for name in _names(container)}
    if unknown := sorted(set(wanted) - known):
        raise StepError(
            "looking for container logs",
            f"no container of a service {', '.join(map(repr, unknown))}",
            f"Name one of {', '.join(sorted({container.compose_service for container in containers}))}.",
        )
    grouped: dict[tuple[str, str], list[Container]] = {}
    for container in containers:
        if not wanted or _names(container) & set(wanted):
            key = (container.resource["service.name"], container.resource["service.namespace"])
            grouped.setdefault(key, []).append(container)
    return [Service(name, namespace, members) for (name, namespace), members in sorted(grouped.items())]


def audit(auditor: Auditor, services: list[Service]) -> list[Finding]:
    """Compare each of `services`, after waiting until their lines are where they belong.

    Raises:
        StepError: something that has to be read can't be.

    """
    auditor.settle()
    findings = []
    for service in services:
        with Comparison() as comparison:
            findings.append(auditor.compare(service, comparison))
    return findings


def show(findings: list[Finding], window: Window) -> bool:
    """Print what was found; returns whether nothing is missing."""
    console.print(f"{window}, by each line's own time\n")
    console.print(_table(findings, window))
    console.print()
    for finding in findings:
        if finding.missing_between:
            first, last = (rfc3339(at_ns)[:23] + "Z" for at_ns in finding.missing_between)
            console.print(f"missing of {escape(finding.service.name)}: between {first} and {last}")
    missing = sum(finding.counts.missing for finding in findings)
    if missing:
        console.print(f"[bold red]Not in Loki: {missing:,} lines.[/bold red]")
        return False
    console.print("[green]Nothing is missing:[/green] every line of these container logs is in Loki.")
    return True


def _table(findings: list[Finding], window: Window) -> Table:
    names = ("written", "not JSON", "in Loki", "missing", "duplicated", "only in Loki")
    table = Table(box=None, pad_edge=False, show_footer=len(findings) > 1)
    table.add_column("service", footer="total", overflow="fold")
    rows = [
        (each.written, each.not_json, each.stored, each.missing, each.duplicated, each.only_stored)
        for each in (finding.counts for finding in findings)
    ]
    for name, numbers in zip(names, zip(*rows, strict=True), strict=True):
        table.add_column(name, footer=f"{sum(numbers):,}", justify="right", overflow="fold")
    table.add_column("container log from", overflow="fold")
    for finding, row in zip(findings, rows, strict=True):
        covered = finding.log_from_ns <= window.since_ns
        log_from = "before the window" if covered else f"{rfc3339(finding.log_from_ns)[:19]}Z"
        style = "red" if finding.counts.missing else None
        table.add_row(escape(finding.service.name), *(f"{number:,}" for number in row), log_from, style=style)
    return table


def _names(container: Container) -> set[str]:
    return {container.compose_service, container.resource["service.name"]}


def window_of(since: str, until: str) -> Window:
    """The window of the command line's options.

    Raises:
        typer.BadParameter: an option can't be read, or the window would be empty; exit code 2.

    """
    now_ns = time.time_ns()
    window = Window(_parsed("--since", since, now_ns), _parsed("--until", until, now_ns))
    if window.since_ns >= window.until_ns:
        raise typer.BadParameter(f"{since!r} is not before --until {until!r}", param_hint="--since")
    return window


def _parsed(option: str, text: str, now_ns: int) -> int:
    try:
        return parse_time(text, now_ns)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A progress display on a terminal, gone when it is over; nothing where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        yield progress


def run(command: Callable[..., None]) -> None:
    """Run a command line; what stops the audit is told, with exit code 2."""
    try:
        typer.run(command)
    except StepError as failure:
        tell("not audited", failure)
        sys.exit(NOT_AUDITED)
    except Exception:
        # Python's own exit code would say that something is missing.
        errors.print_exception()
        sys.exit(NOT_AUDITED)


def main(services: Services = None, since: Since = "1h", until: Until = f"{SETTLED_AFTER_SECONDS}s") -> None:
    """Compare container logs with Loki. Exit code: 0 nothing is missing, 1 something is, 2 could not be audited."""
    window = window_of(since, until)
    with shown_progress() as progress:
        findings = audit(Auditor(window, progress), find_services(services or []))
    if not show(findings, window):
        console.print("`make backfill` with the same window sends them.")
        raise typer.Exit(SOMETHING_MISSING)


if __name__ == "__main__":
    run(main)

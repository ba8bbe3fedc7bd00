"""Is every line that the application wrote in Loki? Service by service, over a window of time."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from rich.progress import Progress, TaskID

from stack.audit import container_logs, stored_lines
from stack.audit.compare_lines import Comparison, Counts
from stack.audit.container_logs import Container, WrittenLine
from stack.docker import compose
from stack.docker.endpoints import endpoints
from stack.failure import StepError
from stack.stores.collector import CollectorQueue
from stack.stores.loki import Line, Loki
from stack.time_range import NS_PER_SECOND, Window

# Younger lines may still be in the queue of the process that wrote them.
SETTLED_AFTER_SECONDS = 10

AnyLine = TypeVar("AnyLine", WrittenLine, Line)


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
        Loki(endpoints().loki).require_ready()
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
            what = f"{service.name}: container log"
            comparison.add_written(self._watched(task, 0, what, lines, attrgetter("at_ns")), index)
        stored = stored_lines.read(service.name, service.namespace, self.window)
        comparison.add_stored(self._watched(task, 1, f"{service.name}: Loki", stored, attrgetter("timestamp_ns")))
        self._progress.update(task, description=f"{service.name}: comparing")
        counts = comparison.counts()
        self._progress.remove_task(task)
        log_from_ns = min(container_logs.oldest_ns(container) for container in service.containers)
        return Finding(service, counts, log_from_ns, comparison.missing_between())

    def _watched(
        self, task: TaskID, half: int, what: str, lines: Iterable[AnyLine], time_of: Callable[[AnyLine], int]
    ) -> Iterator[AnyLine]:
        """Pass `lines` on, and show how far in the window they are."""
        length = self.window.until_ns - self.window.since_ns
        self._progress.update(task, description=what, completed=half * length)
        for number, line in enumerate(lines, 1):
            yield line
            if number % 1000 == 0:
                passed = half * length + time_of(line) - self.window.since_ns
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


def _names(container: Container) -> set[str]:
    return {container.compose_service, container.resource["service.name"]}

"""Jaeger's traces with every field of their JSON, as links and their variables need it."""

from dataclasses import dataclass
from typing import Any

from stack.stores import jaeger


@dataclass(frozen=True)
class Trace:
    """A trace as Jaeger returns it."""

    spans: list[dict[str, Any]]
    processes: dict[str, dict[str, Any]]

    @property
    def services(self) -> set[str]:
        """The `service.name`s that took part."""
        return {process["serviceName"] for process in self.processes.values()}

    @property
    def edges(self) -> set[tuple[str, str]]:
        """(parent's service, child's service) of every span whose parent is in the trace."""
        service = {span["spanID"]: self.processes[span["processID"]]["serviceName"] for span in self.spans}
        return {
            (service[reference["spanID"]], service[span["spanID"]])
            for span in self.spans
            for reference in span["references"]
            if reference["refType"] == "CHILD_OF" and reference["spanID"] in service
        }

    @property
    def is_whole(self) -> bool:
        """Whether the parent of every span is in the trace."""
        known = {span["spanID"] for span in self.spans}
        parents = {
            each["spanID"] for span in self.spans for each in span["references"] if each["refType"] == "CHILD_OF"
        }
        return parents <= known

    def named(self, operation: str) -> list[dict[str, Any]]:
        """The spans of an operation."""
        return [span for span in self.spans if span["operationName"] == operation]

    def ancestors(self, span_id: str) -> list[str]:
        """The spans above a span, from its parent to the root."""
        parents = {
            span["spanID"]: reference["spanID"]
            for span in self.spans
            for reference in span["references"]
            if reference["refType"] == "CHILD_OF"
        }
        above: list[str] = []
        while (span_id := parents.get(span_id, "")) != "":
            above.append(span_id)
        return above


@dataclass(frozen=True)
class Jaeger:
    """A Jaeger at `url`."""

    url: str

    def trace(self, trace_id: str) -> Trace | None:
        """The trace, or None while Jaeger does not know it."""
        found = jaeger.Jaeger(self.url).document(trace_id)
        return Trace(found["spans"], found["processes"]) if found else None

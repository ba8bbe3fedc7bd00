"""Jaeger's query API, as far as the operator's tools and the tests ask it."""

from dataclasses import dataclass
from typing import Any, Self

import requests

from stack.failure import StepError


@dataclass(frozen=True)
class Span:
    """One operation of one service; times in microseconds since the epoch."""

    span_id: str
    parent_id: str | None
    service: str
    operation: str
    start_us: int
    duration_us: int
    tags: dict[str, Any]

    @property
    def failed(self) -> bool:
        """Whether the span ended with an error."""
        return bool(self.tags.get("error")) or self.tags.get("otel.status_code") == "ERROR"

    @classmethod
    def parse(cls, span: dict[str, Any], processes: dict[str, Any]) -> Self:
        """Read one span of Jaeger's JSON."""
        parents = [r["spanID"] for r in span["references"] if r["refType"] == "CHILD_OF"]
        return cls(
            span["spanID"],
            parents[0] if parents else None,
            processes[span["processID"]]["serviceName"],
            span["operationName"],
            span["startTime"],
            span["duration"],
            {tag["key"]: tag["value"] for tag in span["tags"]},
        )


@dataclass(frozen=True)
class Trace:
    """A trace as Jaeger knows it so far."""

    trace_id: str
    spans: list[Span]

    @property
    def services(self) -> set[str]:
        """The `service.name`s that took part."""
        return {span.service for span in self.spans}

    @property
    def edges(self) -> set[tuple[str, str]]:
        """(parent's service, child's service) of every span whose parent is in the trace."""
        service = {span.span_id: span.service for span in self.spans}
        return {(service[span.parent_id], span.service) for span in self.spans if span.parent_id in service}


@dataclass(frozen=True)
class Jaeger:
    """A Jaeger at `url`."""

    url: str

    def trace(self, trace_id: str) -> Trace | None:
        """The trace, or None while Jaeger does not know it; raises like `document`."""
        found = self.document(trace_id)
        if found is None:
            return None
        return Trace(found["traceID"], [Span.parse(span, found["processes"]) for span in found["spans"]])

    def document(self, trace_id: str) -> dict[str, Any] | None:
        """The trace with everything that Jaeger's JSON says of it, or None while Jaeger does not know it.

        Raises:
            StepError: Jaeger does not answer, or refuses the id.
        """
        try:
            response = requests.get(f"{self.url}/api/traces/{trace_id}", timeout=30)
        except requests.RequestException as error:
            raise StepError(
                "asking Jaeger", str(error), "`make status` shows whether it runs, `make up` starts it."
            ) from error
        if response.status_code == requests.codes.not_found:
            return None
        if response.status_code != requests.codes.ok:
            raise StepError(
                "asking Jaeger", f"{trace_id}: {response.text.strip()}", "Give a trace id of 32 hex digits."
            )
        found: dict[str, Any] = response.json()["data"][0]
        return found

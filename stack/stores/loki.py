"""Loki's HTTP API, as far as the operator's tools, the tests and the benchmarks ask it."""

import time
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests

from stack.failure import StepError

HOUR_NS = 3600 * 10**9
# Longer than any query over a day in 256 MiB took; a query that hangs is told, not waited for.
TIMEOUT_SECONDS = 120.0
# As many lines as one query may ask for: max_entries_limit_per_query in loki/loki-config.yaml.
MOST_LINES = 2000
_HEADERS = {
    "X-Loki-Response-Encoding-Flags": "categorize-labels",
    # Loki caches an empty answer too, and a line that arrives late would stay hidden behind it.
    "Cache-Control": "no-cache",
}
_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)
_WAIT = "`make status` shows whether it runs, `make up` starts it; then try again."


class UnansweredError(StepError):
    """Loki did not answer this time: the same question may be asked again."""


@dataclass(frozen=True)
class Line:
    """A stored line with what Loki keeps beside it."""

    timestamp_ns: int
    body: str
    labels: dict[str, str]
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Loki:
    """A Loki at `url`. Every method raises `StepError` when Loki does not answer or refuses the query."""

    url: str

    def lines(
        self,
        logql: str,
        *,
        limit: int = 1000,
        start_ns: int | None = None,
        end_ns: int | None = None,
        direction: str = "backward",
    ) -> list[Line]:
        """The lines that `logql` finds, newest first; from the last hour to the next minute unless told otherwise."""
        now = time.time_ns()
        start, end = start_ns or now - HOUR_NS, end_ns or now + 60 * 10**9
        found = self.query_range(logql, start, end, limit=limit, direction=direction)
        lines = [
            Line(int(at), body, stream["stream"], extra.get("structuredMetadata", {}))
            for stream in found
            for at, body, extra in stream["values"]
        ]
        return sorted(lines, key=lambda line: line.timestamp_ns, reverse=direction == "backward")

    def query_range(self, logql: str, start_ns: int, end_ns: int, **parameters: str | int) -> list[dict[str, Any]]:
        """A range query's `result`, with labels and structured metadata kept apart."""
        parameters |= {"query": logql, "start": start_ns, "end": end_ns}
        result: list[dict[str, Any]] = self._get("query_range", parameters)["result"]
        return result

    def query(self, logql: str) -> list[dict[str, Any]]:
        """An instant query's `result`."""
        result: list[dict[str, Any]] = self._get("query", {"query": logql})["result"]
        return result

    def count(self, selector: str, over: str = "1h") -> int:
        """How many lines `selector` has found in the last `over`."""
        result = self.query(f"sum(count_over_time({selector} [{over}]))")
        return int(float(result[0]["value"][1])) if result else 0

    def label_values(self, label: str) -> set[str]:
        """The values of an index label in the last hour."""
        now = time.time_ns()
        return set(self._get(f"label/{label}/values", {"start": now - HOUR_NS, "end": now}) or ())

    def require_ready(self) -> None:
        """Return if Loki is ready to answer; raises `StepError` if it is not, too."""
        response = self._ask("ready", {}, timeout=10.0)
        if response.status_code != requests.codes.ok:
            raise UnansweredError("asking Loki", f"{self.url} is not ready: {response.text.strip()}", _WAIT)

    def _get(self, path: str, parameters: dict[str, str | int]) -> Any:  # noqa: ANN401  (what JSON holds)
        response = self._ask(f"loki/api/v1/{path}", parameters, timeout=TIMEOUT_SECONDS)
        if response.status_code != requests.codes.ok:
            why = f"{parameters.get('query', path)}: {response.status_code} {response.text.strip()[:500]}"
            if response.status_code >= 500 or response.status_code == requests.codes.too_many_requests:  # noqa: PLR2004
                raise UnansweredError("asking Loki", why, "Try again, or ask for a shorter time.")
            raise StepError("asking Loki", why, "Correct the query, or ask for a shorter time.")
        # Loki hands on what a sender cut off in the middle of a character: that costs the character, not the answer.
        return orjson.loads(response.content.decode(errors="replace")).get("data")

    def _ask(self, path: str, parameters: dict[str, str | int], *, timeout: float) -> requests.Response:
        try:
            return requests.get(f"{self.url}/{path}", params=parameters, headers=_HEADERS, timeout=timeout)
        except requests.RequestException as error:
            raise UnansweredError(
                "asking Loki", f"{self.url} does not answer ({type(error).__name__})", _WAIT
            ) from error


@dataclass(frozen=True)
class PatientLoki(Loki):
    """A Loki that may be busy for a moment: what it does not answer is asked again, for some seconds."""

    def _get(self, path: str, parameters: dict[str, str | int]) -> Any:  # noqa: ANN401  (what JSON holds)
        for pause_seconds in _PAUSES_SECONDS:
            try:
                return super()._get(path, parameters)
            except UnansweredError:
                time.sleep(pause_seconds)
        return super()._get(path, parameters)

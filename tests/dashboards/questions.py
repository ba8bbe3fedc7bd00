"""A panel's query, asked of the store that Grafana would ask."""

import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from stack.docker.endpoints import Endpoints
from tests.support.grafana import expand

RANGE_SECONDS = 30 * 60
STEP_SECONDS = 60
# What Grafana itself fills in, for that range.
BUILT_IN = {
    "__interval": f"{STEP_SECONDS}s",
    "__rate_interval": f"{STEP_SECONDS}s",
    "__range": f"{RANGE_SECONDS}s",
}
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back: one set of labels for each series, stream or trace, and what reading it cost."""

    found: list[dict[str, str]]
    zeros: list[dict[str, str]] = field(default_factory=list)
    """Those of `found` that are 0 throughout."""
    scanned_bytes: int = 0


@dataclass(frozen=True)
class Question:
    """A query as it stands in a dashboard, with what its variables stand for."""

    target: dict[str, Any]
    variables: dict[str, str]

    @property
    def text(self) -> str:
        """The query as the store gets it."""
        return expand(self.target.get("expr") or self.target["service"], BUILT_IN | self.variables)

    @property
    def selector(self) -> str:
        """The stream selector of a LogQL query."""
        selector = re.search(r"\{[^}]*\}", self.text)
        assert selector, f"{self.text} selects no streams"
        return selector[0]

    def ask(self, at: Endpoints) -> Answer:
        """Ask the store; raises `AssertionError` when it refuses the query."""
        ask = {"loki": self._ask_loki, "victoria-metrics": self._ask_victoria_metrics, "jaeger": self._ask_jaeger}
        return ask[self.target["datasource"]["uid"]](at)

    def bytes_read(self, at: Endpoints, until_ns: int) -> int:
        """How many bytes of lines Loki reads for the query's answer, in the range that ends at `until_ns`."""
        return self._ask_loki(at, until_ns).scanned_bytes

    def bytes_of_one_pass(self, at: Endpoints, until_ns: int) -> int:
        """How many it reads of the query's streams to search them for what no line has, which is to read each once."""
        nowhere = secrets.token_hex(16)
        search = f"sum(count_over_time({self.selector} |= `{nowhere}` [{STEP_SECONDS}s]))"
        return Question({"queryType": "range", "expr": search}, {}).bytes_read(at, until_ns)

    def _ask_loki(self, at: Endpoints, until_ns: int | None = None) -> Answer:
        now = until_ns or time.time_ns()
        if self.target["queryType"] == "instant":
            answer = _json(f"{at.loki}/loki/api/v1/query", query=self.text, time=now)
        else:
            answer = _json(
                f"{at.loki}/loki/api/v1/query_range",
                query=self.text,
                start=now - RANGE_SECONDS * 10**9,
                end=now,
                step=STEP_SECONDS,
                limit=self.target.get("maxLines", 100),
            )
        found = [series.get("metric") or series.get("stream", {}) for series in answer["data"]["result"]]
        return Answer(found, scanned_bytes=answer["data"]["stats"]["summary"]["totalBytesProcessed"])

    def _ask_victoria_metrics(self, at: Endpoints) -> Answer:
        if self.target.get("instant"):
            answer = _json(f"{at.victoria_metrics}/api/v1/query", query=self.text, nocache=1)
        else:
            now = time.time()
            answer = _json(
                f"{at.victoria_metrics}/api/v1/query_range",
                query=self.text,
                start=now - RANGE_SECONDS,
                end=now,
                step=STEP_SECONDS,
                nocache=1,
            )
        result = answer["data"]["result"]
        zeros = [s["metric"] for s in result if not any(float(v) for _, v in s.get("values") or [s["value"]])]
        return Answer([series["metric"] for series in result], zeros)

    def _ask_jaeger(self, at: Endpoints) -> Answer:
        found = _json(f"{at.jaeger}/api/traces", service=self.text, limit=self.target["limit"], lookback="1h")
        return Answer([{"traceID": trace["traceID"]} for trace in found["data"]])


def _json(url: str, **parameters: str | int | float) -> Any:  # noqa: ANN401 - each API has a shape of its own
    response = requests.get(url, params=parameters, timeout=TIMEOUT_SECONDS)
    assert response.ok, f"{response.url} answered {response.status_code}: {response.text[:500]}"
    return response.json()

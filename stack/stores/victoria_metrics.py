"""VictoriaMetrics's Prometheus API, as far as the operator's tools and the tests ask it."""

from dataclasses import dataclass
from typing import Any

import requests

from stack.failure import StepError


@dataclass(frozen=True)
class VictoriaMetrics:
    """A VictoriaMetrics at `url`."""

    url: str

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The result of an instant query: a list of series with `metric` and `value`.

        Raises:
            StepError: it refuses the query.
            requests.RequestException: it does not answer.

        """
        response = requests.get(f"{self.url}/api/v1/query", params={"query": promql, "nocache": "1"}, timeout=10)
        if response.status_code != requests.codes.ok:
            why = f"{promql}: {response.status_code} {response.text.strip()[:500]}"
            raise StepError("asking VictoriaMetrics", why, "Correct the query.")
        result: list[dict[str, Any]] = response.json()["data"]["result"]
        return result

"""VictoriaMetrics's Prometheus API, as far as tests ask it."""

from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True)
class VictoriaMetrics:
    """A VictoriaMetrics at `url`."""

    url: str

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The result of an instant query: a list of series with `metric` and `value`."""
        response = requests.get(f"{self.url}/api/v1/query", params={"query": promql, "nocache": "1"}, timeout=10)
        assert response.status_code == 200, f"{promql}: {response.status_code} {response.text}"
        result: list[dict[str, Any]] = response.json()["data"]["result"]
        return result

"""What a component tells of itself at `/metrics`, in Prometheus' text form."""

from dataclasses import dataclass
from typing import Self

import requests
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


@dataclass(frozen=True)
class ExposedMetrics:
    """The samples of one page."""

    samples: list[Sample]

    @classmethod
    def of(cls, url: str) -> Self:
        """Ask the component at `url` now.

        Raises:
            requests.RequestException: it does not answer.

        """
        response = requests.get(f"{url}/metrics", timeout=10)
        response.raise_for_status()
        return cls([sample for family in text_string_to_metric_families(response.text) for sample in family.samples])

    def total(self, beginning: str, **labels: str) -> float:
        """The sum of all samples whose name begins so and who have these labels; units and `_total` may follow."""
        return sum(
            sample.value
            for sample in self.samples
            if sample.name.startswith(beginning) and labels.items() <= sample.labels.items()
        )

"""What the shape tests need: a Collector and a Loki that run (`make up`), and a word that no other line has."""

import secrets
import time
from dataclasses import dataclass

import pytest

from stack.docker.endpoints import Endpoints, endpoints
from stack.stores.loki import Line, Loki
from stack.stores.otlp_http import post
from tests.shapes.odd import NAMESPACE
from tests.support.eventually import eventually

# A mended time is the present; Loki itself takes up to ten minutes of a sender's clock being ahead.
MINUTE_NS = 60 * 10**9


@dataclass(frozen=True)
class Pipeline:
    """The way of a log record, from the Collector's door to Loki's answer."""

    at: Endpoints
    loki: Loki

    def send(self, request: bytes) -> None:
        """Send once; raises when it is not accepted."""
        response = post(f"{self.at.otlp_http}/v1/logs", request, timeout=60)
        assert response.status_code == 200, f"{response.status_code} {response.text}"

    def stored(self, marker: str, count: int, *, sent: object, around_ns: int | None = None) -> list[Line]:
        """The lines whose scope is named by the marker, once there are `count`, within ten minutes of a time (now)."""
        center = around_ns or time.time_ns()
        lines = eventually(
            lambda: self.loki.lines(
                f'{{service_namespace=~"{NAMESPACE}.*"}} | scope_name=~"{marker}.*"',
                start_ns=center - 10 * MINUTE_NS,
                end_ns=center + 10 * MINUTE_NS,
            ),
            lambda lines: len(lines) >= count,
            sent=sent,
            components=("otel-collector", "loki"),
        )
        assert len(lines) == count, f"{len(lines)} lines where {count} were sent"
        return lines


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return Pipeline(endpoints(), Loki(endpoints().loki))


def new_marker() -> str:
    """A word that no other line has."""
    return f"shape-{secrets.token_hex(8)}"

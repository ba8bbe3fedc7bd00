"""What the panels' queries are run on: a running stack (`make up`), with traffic driven through it."""

import pytest

from app.core.service_names import ServiceName
from stack.endpoints import Endpoints
from tests.support.backend import Backend, Execution
from tests.support.eventually import eventually
from tests.support.victoria_metrics import VictoriaMetrics

# A process sends its metrics once a minute, and Loki's ruler counts lines once a minute.
METRICS_ARE_THERE_WITHIN_SECONDS = 150


@pytest.fixture(scope="session")
def execution(at: Endpoints, victoria_metrics: VictoriaMetrics) -> Execution:
    """One of several executions that together pass every service, once all that they leave is stored."""
    backend = Backend(at.backend)
    succeeded = backend.run("succeed")
    backend.run("always-fail")
    backend.replay(succeeded)
    for metric in ("otel_sdk_span_started_total", "service_level:log_lines:count1m", "traces_span_metrics_calls_total"):
        wait_for_every_service(victoria_metrics, metric)
    return succeeded


def wait_for_every_service(victoria_metrics: VictoriaMetrics, metric: str) -> None:
    eventually(
        lambda: victoria_metrics.query(f"count by (service_name) ({metric})"),
        lambda found: {series["metric"].get("service_name") for series in found} >= set(ServiceName),
        sent=f"executions of every kind, for {metric}",
        components=("otel-collector", "loki", "victoria-metrics"),
        within=METRICS_ARE_THERE_WITHIN_SECONDS,
    )

"""The metrics that traffic leaves: sent and counted at intervals, so that a fresh stack has them only after minutes."""

from app.core.service_names import ServiceName
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.support.eventually import eventually

# Of the processes themselves, of Loki's ruler, of the Collector's span metrics. A process sends once a minute, and the
# ruler counts once a minute.
OF_EVERY_SERVICE = ("otel_sdk_span_started_total", "service_level:log_lines:count1m", "traces_span_metrics_calls_total")
STORED_WITHIN_SECONDS = 150


def wait_for_every_service(victoria_metrics: VictoriaMetrics) -> None:
    """Wait until each service has its metrics; traffic must have passed them all."""
    for metric in OF_EVERY_SERVICE:
        wait_for(metric, victoria_metrics)


def wait_for(metric: str, victoria_metrics: VictoriaMetrics) -> None:
    eventually(
        lambda: victoria_metrics.query(f"count by (service_name) ({metric})"),
        lambda found: {series["metric"].get("service_name") for series in found} >= set(ServiceName),
        sent=f"executions of every kind, for {metric}",
        components=("otel-collector", "loki", "victoria-metrics"),
        within=STORED_WITHIN_SECONDS,
    )

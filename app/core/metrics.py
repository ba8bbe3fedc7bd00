"""Metrics of this process, exported when there is a Collector."""

import os
from functools import partial

from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.environment_variables import OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from structlog.stdlib import BoundLogger

from app.core.otlp import endpoint_of, is_exported
from app.core.resource import create_resource
from app.core.settings import Settings
from app.core.shutdown import at_shutdown


def setup_metrics(settings: Settings, logger: BoundLogger) -> None:
    """Export the process's metrics, under the same conditions as its logs; a second call changes nothing.

    Raises `ValueError` for an address or a protocol that can't work.
    """
    if is_exported(settings, "metrics"):
        ensure_meter_provider(settings)
        logger.debug("metrics are exported", endpoint=endpoint_of(settings, "metrics"))


def ensure_meter_provider(settings: Settings) -> None:
    """Set the process's meter provider unless it is set.

    Exporters and processors of the SDK count their own failures in the provider they find when they are created,
    so whichever signal is set up first brings the provider about.
    """
    if not is_exported(settings, "metrics") or isinstance(metrics.get_meter_provider(), MeterProvider):
        return
    os.environ.setdefault(OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED, "true")
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint_of(settings, "metrics")))
    provider = MeterProvider([reader], create_resource(settings), shutdown_on_exit=False)
    metrics.set_meter_provider(provider)
    at_shutdown(partial(_stop, provider))


def _stop(provider: MeterProvider, seconds: float) -> None:
    provider.shutdown(timeout_millis=seconds * 1000)

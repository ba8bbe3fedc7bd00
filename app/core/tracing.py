"""Spans of this process: always made, so that log lines carry trace ids; exported when there is a Collector."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from structlog.stdlib import BoundLogger

from app.core.metrics import ensure_meter_provider
from app.core.otlp import endpoint_of, is_exported
from app.core.resource import create_resource
from app.core.settings import Settings
from app.core.shutdown import at_shutdown
from app.core.span_redaction import RedactingSpanExporter


def setup_tracing(settings: Settings, logger: BoundLogger) -> None:
    """Set the process's tracer provider; a second call changes nothing.

    Spans are exported under the same conditions as logs. Without a Collector they still exist: their ids tie the
    lines of one request together on stdout, and travel to other processes.
    Raises `ValueError` for an address or a protocol that can't work.
    """
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    provider = TracerProvider(resource=create_resource(settings), shutdown_on_exit=False)
    if is_exported(settings, "traces"):
        endpoint = endpoint_of(settings, "traces")
        ensure_meter_provider(settings)
        processor = _SpanProcessor(RedactingSpanExporter(OTLPSpanExporter(endpoint)))
        provider.add_span_processor(processor)
        at_shutdown(processor.stop)
        logger.debug("traces are exported", endpoint=endpoint)
    trace.set_tracer_provider(provider)


class _SpanProcessor(BatchSpanProcessor):
    """The SDK's processor, whose `shutdown` would wait 30 s for a Collector that is away."""

    def stop(self, seconds: float) -> None:
        """Export what is queued within `seconds`, then give up."""
        self._batch_processor.shutdown(timeout_millis=round(seconds * 1000))

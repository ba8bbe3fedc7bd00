"""Structured logs: one compact JSON object a line on stdout and, where there is a Collector, the same line over OTLP.

Every line of the process passes one chain, whoever wrote it: structlog, the standard library's loggers (uvicorn's
and FastStream's among them), warnings, uncaught exceptions, and libraries that use OpenTelemetry's logging API.
"""

import logging
from typing import TypeVar

import structlog
from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.environment_variables import (
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE,
    OTEL_BLRP_MAX_QUEUE_SIZE,
    OTEL_BLRP_SCHEDULE_DELAY,
)
from structlog.typing import EventDict, Processor, WrappedLogger

from app.core.bound_logger import BoundLogger
from app.core.bounded_queue import Limits
from app.core.console import StdoutHandler, take_over_loggers
from app.core.delivery import LogDelivery, Schedule
from app.core.delivery_metrics import observe
from app.core.environment import positive_integer
from app.core.exceptions import format_exc_info
from app.core.json_line import render_line
from app.core.log_exporter import LogExporter
from app.core.log_records import ApiRecordsToLogging, OtlpHandler, is_first_report
from app.core.metrics import ensure_meter_provider
from app.core.otlp import endpoint_of, is_exported
from app.core.redaction import configure_redaction, sanitize_sensitive_data
from app.core.resource import create_resource
from app.core.settings import Settings
from app.core.shutdown import at_shutdown
from app.core.stdlib_records import RecordRenderer
from app.core.uncaught import log_uncaught

_NAME = "integr8scode"

_Handler = TypeVar("_Handler", bound=logging.Handler)


def add_otel_context(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Add the ids of the current span; ids that a caller passes in are kept, but not as the line's own.

    A trace that was not sampled is nowhere to be found, so its id gets another name: Grafana shows no link for it.
    """
    for name in ("trace_id", "span_id"):
        if name in event_dict:
            event_dict[f"claimed_{name}"] = event_dict.pop(name)
    context = trace.get_current_span().get_span_context()
    if context.is_valid and context.trace_flags.sampled:
        event_dict["trace_id"] = f"{context.trace_id:032x}"
        event_dict["span_id"] = f"{context.span_id:016x}"
    elif context.is_valid:
        event_dict["unsampled_trace_id"] = f"{context.trace_id:032x}"
    return event_dict


def setup_logger(log_level: str) -> structlog.stdlib.BoundLogger:
    """Configure structlog and the standard library's logging, and return the application's logger.

    `log_level` is one of DEBUG, INFO, WARNING, ERROR, CRITICAL in any case; `ValueError` otherwise. A second call
    changes nothing but the level, and takes over the loggers that have come since.
    """
    _set_level(log_level)
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        add_otel_context,
        structlog.processors.StackInfoRenderer(),
        format_exc_info,
        sanitize_sensitive_data,
        structlog.processors.JSONRenderer(serializer=render_line),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=BoundLogger,
        context_class=dict,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    take_over_loggers()
    log_uncaught()
    if _root_handler(StdoutHandler) is None:
        # A record of the standard library brings its own name, level and time; the rest of the chain is the same.
        renderer = RecordRenderer(processors[processors.index(add_otel_context) :])
        logging.getLogger().addHandler(StdoutHandler(renderer.line_of))
    # Bound at once: a lazy proxy would build a new logger in every call.
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(_NAME).bind()
    return logger


def setup_log_exporter(settings: Settings, logger: structlog.stdlib.BoundLogger) -> None:
    """Send every line to the Collector as well, and take over the project's own redaction rules.

    Nothing is sent while `settings.TESTING`, or without `settings.OTEL_EXPORTER_OTLP_ENDPOINT`; stdout is the same
    either way. A second call changes nothing. Raises `ValueError` for an address or a protocol that can't work.
    """
    configure_redaction(settings.REDACT_FIELDS, settings.REDACT_PATTERNS)
    stdout = _root_handler(StdoutHandler)
    if not is_exported(settings, "logs") or stdout is None or _root_handler(OtlpHandler):
        return
    endpoint = endpoint_of(settings, "logs")
    ensure_meter_provider(settings)
    resource = create_resource(settings)
    delivery = LogDelivery(LogExporter(endpoint), resource, _limits(), _schedule())
    # The SDK's own counter of records would cost more than the record; `observe` counts them for nothing.
    provider = LoggerProvider(resource, shutdown_on_exit=False, meter_provider=NoOpMeterProvider())
    provider.add_log_record_processor(delivery)
    # Before stdout, which may block: a signal that ends the process there finds the record queued.
    logging.getLogger().handlers.insert(0, OtlpHandler(stdout.line_of, provider))
    _set_api_provider()
    observe(delivery)
    at_shutdown(delivery.stop)
    logger.debug("logs are exported", endpoint=endpoint)


def _set_level(log_level: str) -> None:
    try:
        logging.getLogger().setLevel(log_level.upper())
    except ValueError:
        raise ValueError(f"log level {log_level!r} is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL") from None


def _root_handler(kind: type[_Handler]) -> _Handler | None:
    return next((handler for handler in logging.getLogger().handlers if isinstance(handler, kind)), None)


def _set_api_provider() -> None:
    """Let what libraries log through OpenTelemetry's API arrive at the standard library's loggers."""
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(ApiRecordsToLogging())
    set_logger_provider(provider)
    logging.getLogger("uvicorn.error").addFilter(is_first_report)


def _limits() -> Limits:
    return Limits(records=positive_integer(OTEL_BLRP_MAX_QUEUE_SIZE, Limits.records))


def _schedule() -> Schedule:
    milliseconds = positive_integer(OTEL_BLRP_SCHEDULE_DELAY, round(Schedule.interval_seconds * 1000))
    return Schedule(milliseconds / 1000, positive_integer(OTEL_BLRP_MAX_EXPORT_BATCH_SIZE, Schedule.batch_records))

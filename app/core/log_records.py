"""Log lines as OpenTelemetry records, and OpenTelemetry's own records as log lines."""

import logging
from collections.abc import Callable
from datetime import datetime
from time import time_ns

from opentelemetry._logs import Logger, LogRecord, get_logger
from opentelemetry.context import Context, get_current
from opentelemetry.instrumentation.log_utils import std_to_otel
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.semconv.attributes import exception_attributes
from opentelemetry.trace import INVALID_SPAN, get_current_span, set_span_in_context

from app.core.json_line import JsonLine
from app.core.record_limits import MAX_ATTRIBUTE_CHARACTERS

# The names that OpenTelemetry's severities have; Python's others are the same.
_SEVERITY_TEXT = {"WARNING": "WARN", "CRITICAL": "FATAL"}
# What these say about a failed export would be exported, fail, and be said again.
_NEVER_EXPORTED = ("opentelemetry.", "grpc.", "app.core.losses.")
# In the dictionary of an exception that FastAPI has reported.
_REPORTED = "_reported_through_opentelemetry"


class OtlpHandler(LoggingHandler):
    """OpenTelemetry's handler, sending the line that stdout carries.

    The base class would send the message before redaction with every attribute of the `logging.LogRecord`,
    the raw traceback among them, and a timestamp other than the line's.
    """

    def __init__(self, line_of: Callable[[logging.LogRecord], JsonLine], provider: LoggerProvider) -> None:
        """Take what renders a record (stdout's handler has it), and the provider that delivers."""
        super().__init__(logger_provider=provider)
        self._line_of = line_of
        self._loggers: dict[str, Logger] = {}
        self.addFilter(_is_exportable)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record; never raises into the caller.

        The base class asks the provider for the logger each time, and guards against records about its own work,
        which `_is_exportable` has sorted out.
        """
        try:
            logger = self._loggers.get(record.name) or self._logger_of(record.name)
            logger.emit(self._translate(record))
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Stay silent: the line itself is on stdout."""

    def _logger_of(self, name: str) -> Logger:
        self._loggers[name] = logger = get_logger(name, logger_provider=self._logger_provider)
        return logger

    def _translate(self, record: logging.LogRecord) -> LogRecord:
        line = self._line_of(record)
        return LogRecord(
            timestamp=_nanoseconds(line.timestamp),
            observed_timestamp=time_ns(),
            context=_linkable_context(),
            severity_text=_SEVERITY_TEXT.get(record.levelname, record.levelname),
            severity_number=std_to_otel(record.levelno),
            body=line,
            attributes=_shortened(line.attributes) if line.attributes else None,
        )


def _linkable_context() -> Context:
    """The current context, but without a span that is not sampled: a record's trace id is a link."""
    context = get_current()
    span = get_current_span(context).get_span_context()
    return set_span_in_context(INVALID_SPAN) if span.is_valid and not span.trace_flags.sampled else context


def _is_exportable(record: logging.LogRecord) -> bool:
    return not f"{record.name}.".startswith(_NEVER_EXPORTED)


def _nanoseconds(timestamp: str) -> int:
    return round(datetime.fromisoformat(timestamp).timestamp() * 1e6) * 1000


def _shortened(attributes: dict[str, str]) -> dict[str, str]:
    return {name: value[-MAX_ATTRIBUTE_CHARACTERS:] for name, value in attributes.items()}


class ApiRecordsToLogging(LogRecordProcessor):
    """Hands records that libraries emit through OpenTelemetry's own logging API to the standard library's loggers.

    There they pass the chain like everything else: FastAPI, for one, reports unhandled exceptions this way, and
    they would otherwise be exported past stdout and past redaction.
    """

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Log the record with the logger that has its scope's name."""
        scope = log_record.instrumentation_scope
        logger = logging.getLogger(scope.name if scope else "opentelemetry.api")
        source = log_record.log_record
        level = _level(source.severity_number.value if source.severity_number else 0)
        if not logger.isEnabledFor(level):
            return
        error = source.exception
        exc_info = (type(error), error, error.__traceback__) if error else None
        record = logger.makeRecord(logger.name, level, "", 0, str(source.body), (), exc_info, extra=_fields(source))
        if source.timestamp:
            record.created = source.timestamp / 1e9
        logger.handle(record)
        if error:
            # Not as an attribute: an exception's class may refuse that.
            vars(error)[_REPORTED] = True

    def shutdown(self) -> None:
        """Nothing is held here."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 (the interface's parameter)
        """Nothing is held here."""
        return True


def is_first_report(record: logging.LogRecord) -> bool:
    """Filter out what repeats an exception that came through OpenTelemetry's API.

    uvicorn reports what FastAPI has reported already, inside the request's span, when it arrives at the server.
    """
    error = record.exc_info[1] if record.exc_info else None
    return error is None or _REPORTED not in vars(error)


def _level(severity: int) -> int:
    """Return logging's level of an OpenTelemetry severity number: four of them (1-4, 5-8, …) make a level."""
    if severity == 0:
        return logging.INFO
    return (5, logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)[(severity - 1) // 4]


def _fields(source: LogRecord) -> dict[str, object]:
    attributes: dict[str, object] = dict(source.attributes or {})
    if source.exception:
        # The chain writes them itself, redacted.
        for name in vars(exception_attributes).values():
            attributes.pop(str(name), None)
    if source.event_name:
        attributes["event_name"] = source.event_name
    return attributes

"""The ways of logging that `logging_cost` compares: each sets itself up and returns its `info` and `debug` calls."""

import logging
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from loguru import logger as loguru_logger
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from pythonjsonlogger.orjson import OrjsonFormatter
from structlog.stdlib import BoundLogger
from structlog.typing import EventDict, WrappedLogger

from app.core.logging import setup_log_exporter, setup_logger
from app.core.settings import Settings

Call = Callable[[], object]

# Five fields, as an access log or a job's end has them; nothing in them is secret.
FIELDS: dict[str, Any] = {
    "execution_id": "7f9c24e8-3b1a-4d5e-9c6f-0a1b2c3d4e5f",
    "path": "/api/v1/executions",
    "status_code": 201,
    "duration_ms": 12.75,
    "cached": False,
}
EVENT = "execution accepted"


@dataclass(frozen=True)
class Calls:
    """The two calls that are measured."""

    info: Call
    debug: Call


def stdlib_text(_endpoint: str) -> Calls:
    """`logging` with a text format and arguments."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = _stdlib_logger(handler)
    template = f"{EVENT} execution_id=%s path=%s status_code=%d duration_ms=%s cached=%s"
    values = tuple(FIELDS.values())
    return Calls(lambda: logger.info(template, *values), lambda: logger.debug(template, *values))


def python_json_logger(_endpoint: str) -> Calls:
    """python-json-logger with its orjson formatter."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OrjsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = _stdlib_logger(handler)
    return Calls(lambda: logger.info(EVENT, extra=FIELDS), lambda: logger.debug(EVENT, extra=FIELDS))


def loguru_serialize(_endpoint: str) -> Calls:
    """Loguru with `serialize=True`."""
    loguru_logger.remove()
    loguru_logger.add(sys.stdout, serialize=True, level="INFO")
    return Calls(lambda: loguru_logger.info(EVENT, **FIELDS), lambda: loguru_logger.debug(EVENT, **FIELDS))


def upstream(_endpoint: str) -> Calls:
    """The specification's chain with a redaction that tries every pattern on every text; stdout only."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _add_otel_context,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _sanitize_with_every_pattern,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(format="%(message)s", handlers=[logging.StreamHandler(sys.stdout)])
    logging.getLogger().setLevel("INFO")
    return _structlog_calls(structlog.get_logger("integr8scode"))


def upstream_otlp(endpoint: str) -> Calls:
    """The same with the SDK's handler, batch processor and exporter."""
    calls = upstream(endpoint)
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint)))
    logging.getLogger().addHandler(LoggingHandler(logger_provider=provider))
    return calls


def ours(_endpoint: str) -> Calls:
    """`setup_logger`: redaction included, stdout only."""
    return _structlog_calls(setup_logger("INFO"))


def ours_otlp(endpoint: str) -> Calls:
    """`setup_logger` and `setup_log_exporter`."""
    logger = setup_logger("INFO")
    setup_log_exporter(Settings(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint), logger)
    return _structlog_calls(logger)


VARIANTS: dict[str, Callable[[str], Calls]] = {
    "stdlib text": stdlib_text,
    "python-json-logger + orjson": python_json_logger,
    "loguru serialize": loguru_serialize,
    "upstream, redaction": upstream,
    "upstream, redaction + OTLP": upstream_otlp,
    "ours": ours,
    "ours + OTLP": ours_otlp,
}


def _stdlib_logger(handler: logging.Handler) -> logging.Logger:
    logger = logging.getLogger("integr8scode")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return logger


def _structlog_calls(logger: BoundLogger) -> Calls:
    return Calls(lambda: logger.info(EVENT, **FIELDS), lambda: logger.debug(EVENT, **FIELDS))


def _add_otel_context(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event_dict["trace_id"] = trace.format_trace_id(context.trace_id)
        event_dict["span_id"] = trace.format_span_id(context.span_id)
    return event_dict


_PATTERNS = [
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}", "[EMAIL]"),
        (r"(bearer|basic)\s+[a-z0-9._~+/=-]+", r"\1 [REDACTED]"),
        (r"(password|passwd|pwd|secret|token|api[_-]?key)[\"']?\s*[=:]\s*[\"']?[^\s\"',}]+", r"\1=[REDACTED]"),
        (r"eyJ[a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_-]+", "[JWT]"),
        (r"\b(?:\d[ -]*?){13,16}\b", "[CARD]"),
        (r"://[^:/\s]+:[^@/\s]+@", "://[REDACTED]@"),
        (r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", "[KEY]"),
    )
]
_SENSITIVE = ("password", "secret", "token", "api_key", "authorization", "cookie")


def _sanitize_with_every_pattern(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    return {
        key: "[REDACTED]" if any(word in key.lower() for word in _SENSITIVE) else _scrub(value)
        for key, value in event_dict.items()
    }


def _scrub(value: object) -> object:
    if isinstance(value, dict):
        return {key: _scrub(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if not isinstance(value, str):
        return value
    for pattern, replacement in _PATTERNS:
        value = pattern.sub(replacement, value)
    return value

"""Exceptions as fields of a log line."""

import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from app.core.plain import text_of


def format_exc_info(logger: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
    """Turn `exc_info` into `exception` (the traceback), `exception_type` and `exception_message`.

    The traceback is structlog's own; type and message are there to be queried
    (`| json | exception_type="TimeoutError"`), and become `exception.*` of the OpenTelemetry record.
    """
    if not event_dict.get("exc_info"):
        event_dict.pop("exc_info", None)
        return event_dict
    error = _exception_of(event_dict["exc_info"])
    try:
        event_dict = structlog.processors.format_exc_info(logger, method, event_dict)
    except Exception as failure:
        event_dict["exception"] = f"<traceback cannot be formatted: {type(failure).__name__}>"
    if error is not None:
        event_dict["exception_type"] = _type_name(type(error))
        event_dict["exception_message"] = text_of(error)
    return event_dict


def _exception_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1] if len(exc_info) > 1 else None
    if isinstance(exc_info, BaseException):
        return exc_info
    return sys.exc_info()[1]


def _type_name(kind: type[BaseException]) -> str:
    """Name an exception's type as OpenTelemetry's `exception.type` wants it: qualified unless built in."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

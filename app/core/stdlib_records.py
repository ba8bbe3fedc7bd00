"""Records of the standard library's loggers, as events for the same chain that structlog's own events pass."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from app.core.json_line import JsonLine
from app.core.plain import text_of
from app.core.redaction import mask_secret_fields

_STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# uvicorn's copy of the message with colour codes in it.
_NOISE = frozenset(("color_message",))
_FIELDS_OF_EVERY_LINE = ("event", "level", "logger", "timestamp")
_ACCESS_FIELDS = ("client", "method", "path", "http_version", "status_code")


class RecordRenderer:
    """Renders a `logging.LogRecord` once, however many handlers ask for its line."""

    def __init__(self, processors: list[Processor]) -> None:
        """Take the processors that follow those which only structlog's own loggers need."""
        self._processors = processors

    def line_of(self, record: logging.LogRecord) -> JsonLine:
        """Return the line of `record`; what structlog has rendered passes through."""
        if type(record.msg) is JsonLine:
            return record.msg
        line: JsonLine | None = getattr(record, "json_line", None)
        if line is None:
            line = record.json_line = self._render(record)
        return line

    def _render(self, record: logging.LogRecord) -> JsonLine:
        event: Any = structlog.contextvars.merge_contextvars(None, "", _event_dict(record))
        for process in self._processors:
            event = process(None, "", event)
        rendered: JsonLine = event
        return rendered


def _event_dict(record: logging.LogRecord) -> EventDict:
    fields: EventDict = {}
    for name, value in vars(record).items():
        if name not in _STANDARD_ATTRIBUTES and name not in _NOISE:
            fields[f"{name}_" if name in _FIELDS_OF_EVERY_LINE else name] = value
    fields.update(_message_fields(record))
    fields["level"] = record.levelname.lower()
    fields["logger"] = record.name
    fields["timestamp"] = _iso(record.created)
    if record.exc_info and record.exc_info[0] is not None:
        fields["exc_info"] = record.exc_info
    if record.stack_info:
        fields["stack"] = record.stack_info
    return fields


def _message_fields(record: logging.LogRecord) -> EventDict:
    arguments = record.args
    if isinstance(record.msg, Mapping) and not arguments:
        return {"event": "", **{text_of(name): value for name, value in record.msg.items()}}
    if record.name == "uvicorn.access" and isinstance(arguments, tuple) and len(arguments) == len(_ACCESS_FIELDS):
        return {"event": _message(record), **dict(zip(_ACCESS_FIELDS, arguments, strict=True))}
    return {"event": _message(record)}


def _message(record: logging.LogRecord) -> str:
    try:
        if isinstance(record.args, Mapping):
            # The names are gone once the values are part of the text.
            return str(record.msg) % mask_secret_fields(record.args)
        return record.getMessage()
    except Exception as error:
        return f"{text_of(record.msg)} (its arguments do not fit: {type(error).__name__}: {text_of(error)})"


def _iso(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"

"""One log event as one line of compact JSON."""

import orjson
from opentelemetry.semconv.attributes import exception_attributes
from structlog.typing import EventDict

from app.core.plain import Plain, text_of, to_plain

# First in every line: a person reads them first, and they survive when something cuts the line's end.
# The record's own trace_id comes before any field that could hold text of the same form.
_FIRST = dict.fromkeys(("timestamp", "level", "logger", "event"), "")
_FIRST_WITH_SPAN = _FIRST | dict.fromkeys(("trace_id", "span_id"), "")


class JsonLine(str):
    """A rendered line, with what the OpenTelemetry record of the same event needs besides the text."""

    __slots__ = ("attributes", "timestamp")

    timestamp: str
    attributes: dict[str, str] | None


def render_line(event_dict: EventDict, **_renderer_options: object) -> JsonLine:
    """Serialise `event_dict`, which `sanitize_sensitive_data` has made plain; never raises."""
    fields = _FIRST_WITH_SPAN.copy() if "trace_id" in event_dict else _FIRST.copy()
    fields.update(event_dict)
    line = JsonLine(_dump(fields), "utf-8")
    line.timestamp = fields["timestamp"]
    line.attributes = _exception_attributes(fields) if "exception" in fields else None
    return line


def _dump(fields: EventDict) -> bytes:
    try:
        return orjson.dumps(fields)
    except orjson.JSONEncodeError:
        return orjson.dumps(to_plain(fields))


def _exception_attributes(fields: EventDict) -> dict[str, str]:
    return {
        exception_attributes.EXCEPTION_TYPE: text_of(fields.get("exception_type", "")),
        exception_attributes.EXCEPTION_MESSAGE: text_of(fields.get("exception_message", "")),
        exception_attributes.EXCEPTION_STACKTRACE: text_of(fields["exception"]),
    }


def shorten_line(line: str, limit: int) -> str:
    """Return `line` cut to at most `limit` bytes of UTF-8, still valid JSON, and saying so in `truncated_bytes`.

    Long texts lose their middle first; if there are too many fields for that, only the first ones stay.
    """
    encoded = line.encode()
    fields: dict[str, Plain] = orjson.loads(encoded)
    fields["truncated_bytes"] = len(encoded)
    longest = limit // 4
    while longest > _SHORTEST_TEXT:
        shortened = orjson.dumps({name: _shorten(value, longest) for name, value in fields.items()})
        if len(shortened) <= limit:
            return shortened.decode()
        longest //= 4
    head = {
        name: _shorten(fields[name], _SHORTEST_TEXT)
        for name in (*_FIRST_WITH_SPAN, "truncated_bytes")
        if name in fields
    }
    return orjson.dumps(head).decode()


_SHORTEST_TEXT = 64


def _shorten(value: Plain, longest: int) -> Plain:
    text = value if isinstance(value, str) else None
    if isinstance(value, (list, dict)):
        text = orjson.dumps(value).decode()
    if text is None or len(text) <= longest:
        return value
    return f"{text[: longest // 2]} … {text[-longest // 2 :]}"

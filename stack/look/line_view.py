"""A log line as a person reads it in a terminal: time, level, service, event, then the rest."""

import json
from datetime import UTC, datetime

from rich.markup import escape

from stack.stores.loki import Line

_STYLES = {"debug": "dim", "info": "green", "warning": "yellow", "error": "red", "critical": "bold red"}
# Shown elsewhere in the view, or the same on every line of it.
_NOT_REPEATED = {"event", "level", "timestamp", "logger", "trace_id", "span_id"}
_NOT_REPEATED_IN_A_TRACE = _NOT_REPEATED | {"execution_id"}


def one_line(line: Line, *, since_us: int | None = None) -> str:
    """The line as rich markup; its time as the distance from `since_us` (microseconds since the epoch) if given."""
    fields = _fields(line.body)
    level = str(fields.get("level") or line.metadata.get("severity_text") or "-").lower()
    event = str(fields.get("event", line.body))
    hidden = _NOT_REPEATED if since_us is None else _NOT_REPEATED_IN_A_TRACE
    rest = "  ".join(f"{key}={value}" for key, value in fields.items() if key not in hidden)
    style = _STYLES.get(level, "white")
    service = "" if since_us is not None else f"[bold]{escape(line.labels.get('service_name', '-'))}[/bold]  "
    return (
        f"[dim]{_time(line.timestamp_ns, since_us)}[/dim] [{style}]{escape(level):<8}[/{style}] "
        f"{service}{escape(event)}  [dim]{escape(rest)}[/dim]"
    )


def _fields(body: str) -> dict[str, object]:
    """The fields of a JSON line; none for a line of text, which is then shown as it is."""
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _time(timestamp_ns: int, since_us: int | None) -> str:
    if since_us is not None:
        return f"+{(timestamp_ns / 1000 - since_us) / 1e6:.3f} s"
    return f"{datetime.fromtimestamp(timestamp_ns / 1e9, UTC):%H:%M:%S.%f}"[:-3]

"""`make trace ID=…`: one execution's way through the services in the terminal, each span with its log lines."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from stack.failure import StepError
from stack.look.line_view import one_line
from stack.stores.jaeger import Jaeger, Span, Trace
from stack.stores.loki import HOUR_NS, MOST_LINES, Line, Loki

# Jaeger and Loki keep 30 days.
RETENTION_NS = 30 * 24 * HOUR_NS
# Where jaeger/ui.json and Grafana's data source look, too.
AROUND_NS = HOUR_NS // 2
_ID = re.compile(r"[0-9a-fA-F]{32}")
_ID_FIELD = re.compile(r'"(trace_id|execution_id)"\s*:\s*"([0-9a-zA-Z-]+)"')


@dataclass(frozen=True)
class Story:
    """A trace with the log lines that were written during it."""

    trace: Trace
    lines: list[Line]


def find(given: str, loki: Loki, jaeger: Jaeger) -> Story:
    """The story behind a trace id, an execution id, or a whole log line that holds one of them.

    Raises:
        StepError: nothing can be made of `given`, or neither Jaeger nor Loki knows it.
    """
    for candidate in _candidates(given):
        trace = jaeger.trace(candidate) if _ID.fullmatch(candidate) else None
        if trace is None and (trace_id := _trace_of_execution(candidate, loki)):
            trace = jaeger.trace(trace_id)
        if trace is not None:
            return Story(trace, _lines_of(trace, loki))
    raise StepError(
        "finding the trace",
        f"neither Jaeger nor Loki knows {_shortened(given)}",
        "Give a trace id, an execution_id, or a whole log line of the last 30 days. A trace of the last second may "
        "still be on its way.",
    )


def show(story: Story, console: Console) -> None:
    """Print the span tree with durations, errors, and the log lines of each span in time order.

    A span that stays in its parent's service, logged nothing and did not fail is left out: a message that is created,
    published and processed would be three levels deep.
    """
    spans = sorted(story.trace.spans, key=lambda span: span.start_us)
    began = spans[0].start_us
    known = {span.span_id: span for span in spans}
    lines = defaultdict(list)
    for line in story.lines:
        span_id = line.metadata.get("span_id")
        lines[span_id if span_id in known else None].append(line)
    shown = {span.span_id for span in spans if _tells_something(span, known, lines)}
    children = defaultdict(list)
    for span in spans:
        if span.span_id in shown:
            children[_nearest(span.parent_id, known, shown)].append(span)
    root = Tree(_heading(story, began))
    _grow(root, None, children, lines, began)
    console.print(root)
    if len(shown) < len(spans):
        console.print(
            f"[dim]{len(spans) - len(shown)} spans without lines, errors or a change of service left out[/dim]"
        )


def _heading(story: Story, began: int) -> str:
    spans = story.trace.spans
    ended = max(span.start_us + span.duration_us for span in spans)
    failed = sum(span.failed for span in spans)
    return (
        f"[bold]trace {story.trace.trace_id}[/bold]  {datetime.fromtimestamp(began / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC  "
        f"{_duration(ended - began)}, {len(spans)} spans of {len(story.trace.services)} services, "
        f"{len(story.lines)} log lines" + (f", [red]{failed} failed[/red]" if failed else "")
    )


def _tells_something(span: Span, known: dict[str, Span], lines: dict[str | None, list[Line]]) -> bool:
    parent = known.get(span.parent_id or "")
    return parent is None or parent.service != span.service or span.failed or bool(lines.get(span.span_id))


def _nearest(span_id: str | None, known: dict[str, Span], shown: set[str]) -> str | None:
    """The span itself or the nearest of its ancestors that is shown."""
    while span_id in known and span_id not in shown:
        span_id = known[span_id].parent_id
    return span_id if span_id in shown else None


def _grow(
    branch: Tree,
    parent: str | None,
    children: dict[str | None, list[Span]],
    lines: dict[str | None, list[Line]],
    began: int,
) -> None:
    """Hang the lines of `parent` and its children below `branch`, in time order."""
    below: list[tuple[int, Line | Span]] = [
        *((line.timestamp_ns // 1000, line) for line in lines.get(parent, ())),
        *((span.start_us, span) for span in children.get(parent, ())),
    ]
    for _, item in sorted(below, key=lambda entry: entry[0]):
        if isinstance(item, Line):
            branch.add(one_line(item, since_us=began))
        else:
            _grow(branch.add(_span_line(item, began)), item.span_id, children, lines, began)


def _span_line(span: Span, began: int) -> str:
    mark = "[red]✗[/red] " if span.failed else ""
    timing = f"[dim]+{_duration(span.start_us - began)}[/dim] {_duration(span.duration_us)}"
    return f"{mark}[bold]{escape(span.service)}[/bold] {escape(span.operation)}  {timing}"


def _candidates(given: str) -> list[str]:
    """The ids in `given`: itself, or those of a log line, the trace's first."""
    text = given.strip()
    if not text:
        raise StepError(
            "finding the trace", "no id was given", "Write `make trace ID=…` with a trace id, execution_id or log line."
        )
    fields = dict(_ID_FIELD.findall(_decoded(text)))
    found = [fields[name] for name in ("trace_id", "execution_id") if name in fields]
    if found:
        return found
    if not re.fullmatch(r"[0-9a-zA-Z_-]{1,128}", text):
        raise StepError(
            "finding the trace",
            f"{_shortened(text)} is no id, and holds no trace_id or execution_id",
            "Give a trace id of 32 hex digits, an execution_id, or a log line in single quotes: make trace ID='{…}'.",
        )
    return [text.lower() if _ID.fullmatch(text) else text]


def _decoded(text: str) -> str:
    """A line that was copied as a JSON string (from an API's answer) without its escapes."""
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _trace_of_execution(execution_id: str, loki: Loki) -> str | None:
    """The trace id on the first line that the execution wrote, looked for from the last hour backwards."""
    now = int(datetime.now(UTC).timestamp() * 1e9)
    query = f'{{service_namespace=~".+"}} |= `"execution_id":"{execution_id}"` |= `"trace_id"`'
    for back in (HOUR_NS, 24 * HOUR_NS, RETENTION_NS):
        found = loki.lines(query, start_ns=now - back, limit=1, direction="forward")
        if found and (trace_id := found[0].metadata.get("trace_id")):
            return trace_id
    return None


def _lines_of(trace: Trace, loki: Loki) -> list[Line]:
    """The lines of the trace, by the id that Loki keeps beside each; with half an hour around it, as in the links."""
    start = min(span.start_us for span in trace.spans) * 1000 - AROUND_NS
    end = max(span.start_us + span.duration_us for span in trace.spans) * 1000 + AROUND_NS
    query = f'{{service_name=~".+"}} | trace_id="{trace.trace_id}"'
    return loki.lines(query, start_ns=start, end_ns=end, limit=MOST_LINES, direction="forward")


def _duration(microseconds: int) -> str:
    if abs(microseconds) < 1000:  # noqa: PLR2004  (a millisecond)
        return f"{microseconds} µs"
    if abs(microseconds) < 1_000_000:  # noqa: PLR2004  (a second)
        return f"{microseconds / 1000:.1f} ms"
    return f"{microseconds / 1e6:.2f} s"


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"  # noqa: PLR2004  (a terminal's width)

"""How Grafana and Jaeger turn what they are configured with into a link, by their manuals."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stack.stores.loki import Line
from tests.support.grafana import expand
from tests.support.jaeger import Trace

_UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}


def derived_links(fields: list[dict[str, Any]], line: Line) -> dict[str, str]:
    """Field name → link, for each derived field of Loki's data source that matches the line.

    A matcher is a regular expression: on the line, and its first group is the value; or, with `matcherType: label`, on
    the names of labels and metadata, and the value is the label's. Fields of one name share the first one's matcher.
    """
    links = {}
    matchers: dict[str, dict[str, Any]] = {}
    for field in fields:
        matcher = matchers.setdefault(field["name"], field)
        value = _value(matcher, line)
        if value is not None:
            links[field["name"]] = expand(field["url"], {"__value.raw": value})
    return links


def _value(matcher: dict[str, Any], line: Line) -> str | None:
    if matcher.get("matcherType", "regex") == "label":
        named = {**line.labels, **line.metadata}
        return next((value for name, value in named.items() if re.search(matcher["matcherRegex"], name)), None)
    match = re.search(matcher["matcherRegex"], line.body)
    return match[1] if match else None


def span_variables(trace: Trace, span: dict[str, Any]) -> dict[str, str]:
    """What a link on a span may use: of the span, its trace, and its row in Grafana's table of spans."""
    return {
        "__trace.traceId": span["traceID"],
        "__span.traceId": span["traceID"],
        "__span.spanId": span["spanID"],
        "__span.name": span["operationName"],
        "traceID": span["traceID"],
        "spanID": span["spanID"],
        "serviceName": trace.processes[span["processID"]]["serviceName"],
        "operationName": span["operationName"],
    }


def shifted_range(link: dict[str, Any], span: dict[str, Any]) -> tuple[int, int]:
    """The time that a link on a span looks at, in Unix nanoseconds: the span's own, widened by the link's shifts."""
    start = span["startTime"] * 1000 + _nanoseconds(link["spanStartTimeShift"])
    end = (span["startTime"] + span["duration"]) * 1000 + _nanoseconds(link["spanEndTimeShift"])
    return start, end


def _nanoseconds(shift: str) -> int:
    sign, number, unit = re.fullmatch(r"(-?)(\d+)([hms])", shift).groups()  # type: ignore[union-attr]
    delta = timedelta(**{_UNITS[unit]: int(number)})
    return int(delta.total_seconds() * 1e9) * (-1 if sign else 1)


def jaeger_link(pattern: dict[str, str], trace_id: str, trace: Trace) -> str:
    """The link that Jaeger's page shows for a trace.

    Times are in microseconds. Jaeger cuts leading zeros of trace ids in some of its stores; `pad_start` restores them.
    """
    values: dict[str, str | int] = {
        "traceID": trace_id.lstrip("0"),
        "startTime": min(span["startTime"] for span in trace.spans),
        "endTime": max(span["startTime"] + span["duration"] for span in trace.spans),
    }

    def value_of(match: re.Match[str]) -> str:
        name, *functions = match[1].split(" | ")
        value = values[name]
        for function in functions:
            value = _applied(value, *function.split(" "))
        return str(value)

    return re.sub(r"#\{([^}]+)\}", value_of, pattern["url"])


def _applied(value: str | int, function: str, *arguments: str) -> str | int:
    match function:
        case "pad_start":
            return str(value).rjust(int(arguments[0]), arguments[1])
        case "add":
            return int(value) + int(arguments[0])
        case "epoch_micros_to_date_iso":
            return datetime.fromtimestamp(int(value) / 1e6, UTC).isoformat()
    raise AssertionError(f"Jaeger knows no {function}")


@dataclass(frozen=True)
class ExploreLink:
    """What a link to Grafana's Explore opens."""

    data_source: str
    query: dict[str, Any]
    range: dict[str, str]


def explore_link(url: str) -> ExploreLink:
    """Read such a link: one pane with one query."""
    address = urlsplit(url)
    assert address.path == "/explore", url
    (panes,) = parse_qs(address.query, strict_parsing=True)["panes"]
    (pane,) = json.loads(panes).values()
    (query,) = pane["queries"]
    assert query["datasource"]["uid"] == pane["datasource"]
    return ExploreLink(pane["datasource"], query, pane["range"])

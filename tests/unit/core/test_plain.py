"""Whatever is logged becomes valid JSON, and nothing of it raises."""

import dataclasses
import enum
import json
import math
import uuid
from collections import OrderedDict, UserDict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json_line import render_line, shorten_line
from app.core.plain import Plain, to_plain
from app.core.redaction import sanitize_sensitive_data


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no repr for you")


class BrokenText(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no str for you")


class BrokenMapping(UserDict[str, int]):
    def items(self) -> None:  # type: ignore[override]
        raise RuntimeError("no items for you")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class User:
    name: str
    secret: str = dataclasses.field(repr=False)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (b"bytes \xff", "bytes \\xff"),
        (bytearray(b"x"), "x"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (2**64, "18446744073709551616"),
        (2**63, 2**63),
        (-(2**63) - 1, "-9223372036854775809"),
        ("lone \ud800 surrogate", "lone \\ud800 surrogate"),
        ({1: "a", None: "b", (1, 2): "c", b"k": "d"}, {"1": "a", "None": "b", "(1, 2)": "c", "k": "d"}),
        ((1, [2, {3}]), [1, [2, [3]]]),
        (OrderedDict(a=1), {"a": 1}),
        (Colour.RED, "red"),
        (User("bob", "x"), {"name": "bob"}),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00+00:00"),
        (Decimal("1.10"), "1.10"),
        (PurePosixPath("/x"), "/x"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Broken(), "<unprintable Broken: RuntimeError>"),
        ([Broken()], ["<unprintable Broken: RuntimeError>"]),
        (BrokenText("text"), "text"),
        (BrokenMapping(), "<unprintable BrokenMapping: RuntimeError>"),
        (User, "<class 'tests.unit.core.test_plain.User'>"),
    ],
)
def test_value_becomes_plain(value: object, plain: Plain) -> None:
    assert to_plain(value) == plain


def test_a_cycle_ends_in_a_marker() -> None:
    ring: dict[str, object] = {"name": "ring"}
    ring["self"] = [ring]
    assert to_plain(ring) == {"name": "ring", "self": ["<circular dict>"]}


def test_the_same_object_twice_is_no_cycle() -> None:
    shared = {"a": 1}
    assert to_plain([shared, shared]) == [{"a": 1}, {"a": 1}]


def test_depth_ends_in_a_marker() -> None:
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    assert "nested deeper than 32 levels" in json.dumps(to_plain(deep))


_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.builds(Broken)
    | st.dates()
    | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.none() | st.text(st.characters()) | st.integers() | st.binary(), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.text(st.characters(), min_size=1), _ANYTHING, max_size=6))
def test_any_event_becomes_one_valid_line(fields: dict[str, object]) -> None:
    event = {"event": "x", "level": "info", "logger": "l", "timestamp": "2026-01-01T00:00:00Z"} | fields
    line = render_line(sanitize_sensitive_data(None, "info", event))
    assert "\n" not in line
    parsed = json.loads(line.encode())
    assert isinstance(parsed, dict)


def test_line_is_compact_and_begins_with_what_identifies_it() -> None:
    line = render_line(
        {"b": 1, "event": "x", "span_id": "2", "trace_id": "1", "logger": "l", "level": "info", "timestamp": "t"}
    )
    assert line == '{"timestamp":"t","level":"info","logger":"l","event":"x","trace_id":"1","span_id":"2","b":1}'


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x" * 1_000_000},
        {"text": 'ü\n"' * 300_000},
        {f"field{n}": "x" * 100 for n in range(20_000)},
        {"nested": [{"a": "x" * 100}] * 10_000},
        {f"field{n}": n for n in range(50_000)},
    ],
)
def test_a_large_line_is_shortened_to_valid_json_that_says_so(fields: dict[str, Plain]) -> None:
    line = render_line(
        {"event": "x" * 300, "level": "info", "logger": "l", "timestamp": "t", "trace_id": "1", **fields}
    )
    short = shorten_line(line, 200_000)
    assert len(short.encode()) <= 200_000
    parsed = json.loads(short)
    assert parsed["truncated_bytes"] == len(line.encode())
    assert (parsed["level"], parsed["trace_id"]) == ("info", "1")

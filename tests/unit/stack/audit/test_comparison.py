"""Two multisets, compared on disk."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json_line import shorten_line
from stack.audit.compare_lines import Comparison, Counts, identity
from stack.audit.container_logs import WrittenLine
from stack.stores.loki import Line
from tests.audit.subject import json_line

# Few enough that both sides often have the same ones, and several times.
LINES = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", ""])))


@given(written=LINES, stored=LINES)
def test_each_line_is_counted_as_often_as_it_is_there(
    written: list[tuple[int, str]], stored: list[tuple[int, str]]
) -> None:
    lines = [WrittenLine(at, number, body.encode(), is_json=True) for number, (at, body) in enumerate(written)]
    with Comparison() as comparison:
        comparison.add_written(lines[:1], source=7)
        comparison.add_written(lines[1:], source=8)
        comparison.add_stored(Line(at, body, {}) for at, body in stored)
        counts = comparison.counts()
        missing = list(comparison.missing())

    expected = Counter(written) - Counter(stored)
    assert Counter((line.at_ns, line.body.decode()) for _, line in missing) == expected
    assert all(lines[line.observed_ns] == line for _, line in missing)
    assert all(source == (8 if line.observed_ns else 7) for source, line in missing)
    extra = Counter(stored) - Counter(written)
    only_stored = sum(count for line, count in extra.items() if line not in written)
    assert counts == Counts(
        written=len(written),
        not_json=0,
        stored=len(stored),
        missing=expected.total(),
        duplicated=extra.total() - only_stored,
        only_stored=only_stored,
    )


@pytest.mark.parametrize("limit", [200_000, 2_000])
@pytest.mark.parametrize("fields", [{"text": "x" * 300_000}, {f"field_{number}": "ж" * 900 for number in range(300)}])
def test_a_line_that_the_application_cut_is_the_same_line(fields: dict[str, str], limit: int) -> None:
    line = json_line("2026-11-22T12:00:00.000001Z", "long", **fields)
    assert identity(1, line.encode()) == identity(1, shorten_line(line, limit).encode())


def test_lines_that_differ_at_the_end_are_different() -> None:
    assert identity(1, b"x" * 16_000 + b"a") != identity(1, b"x" * 16_000 + b"b")

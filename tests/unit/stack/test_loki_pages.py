"""Every line is read once, however the lines lie to the pages."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from stack.stores import loki_pages
from stack.stores.loki import Line
from stack.stores.loki_pages import Pages
from stack.time_range import NS_PER_SECOND
from tests.unit.stack.held import Held

QUARTER_NS = 900 * NS_PER_SECOND
# Often several at one time, in one second, in one quarter of an hour, and quarters without any.
TIMES = st.lists(
    st.one_of(
        st.integers(0, 3), st.integers(0, 3).map(NS_PER_SECOND.__mul__), st.integers(0, 9).map(QUARTER_NS.__mul__)
    )
)


@given(times=TIMES, size=st.integers(1, 5))
def test_every_line_of_the_stretch_comes_once_and_in_order(times: list[int], size: int) -> None:
    lines = [Line(at, str(number), {}) for number, at in enumerate(times)]
    crowded: list[int] = []

    with patch.object(loki_pages, "MOST_LINES", 5):
        pages = Pages(Held(held=lines), "{}", crowded.append, size)
        found = [line for page in pages.between(1, 8 * QUARTER_NS) for line in page]

    expected = [
        line for line in sorted(lines, key=lambda line: line.timestamp_ns) if 1 <= line.timestamp_ns < 8 * QUARTER_NS
    ]
    for at in crowded:
        left_out = [line for line in expected if line.timestamp_ns == at][5:]
        expected = [line for line in expected if line not in left_out]
    assert found == expected
    assert all(times.count(at) >= 5 for at in crowded)

"""Records that nobody thought of: batches of random shapes go through the real pipeline, and all are counted back."""

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.shapes.conftest import Pipeline, new_marker
from tests.shapes.odd import NOT_UTF8, Odd, on_the_wire
from tests.support.otlp_values import Value

YEAR_NS = 365 * 24 * 3600 * 10**9

# Small pieces that are odd in themselves, and how often they are repeated.
PIECES = [
    "",
    "a",
    "B",
    "_",
    "__",
    ".",
    "-",
    " ",
    "7",
    "имя",
    "名",
    "\0",
    "\n",
    '"',
    "\\",
    "=",
    "{",
    "\x7f",
    "é",
    NOT_UTF8,
]
LENGTHS = st.sampled_from([1, 1, 1, 2, 7, 130, 3_000])


def words(longest: int) -> st.SearchStrategy[str]:
    """Text up to `longest` characters, made of odd pieces."""
    once = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
    return st.builds(lambda word, times: (word * times)[:longest], once, LENGTHS)


SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.floats(),
    st.binary(max_size=64),
    words(20_000),
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words(2_000), inner, max_size=4)),
    max_leaves=12,
)
KEYS = words(2_000) | st.sampled_from(
    ["a.b", "a_b", "a-b", "trace_id", "service_name", "__error__", "otel_collector.repaired"]
)
ATTRIBUTES = st.one_of(
    st.lists(st.tuples(KEYS, VALUES), max_size=6),
    # As many as no SDK would send.
    st.builds(
        lambda count, value: [(f"key.{number}", value) for number in range(count)],
        st.sampled_from([100, 129, 400]),
        SCALARS,
    ),
)
LABELS = st.lists(
    st.tuples(st.sampled_from(["service.name", "deployment.environment.name", "deployment.environment"]), VALUES),
    max_size=2,
)
TIMES = st.one_of(
    st.sampled_from([0, 1, 2**63, 2**64 - 1]),
    # From the present of each record: the run may be longer than Loki is asked for.
    st.sampled_from([-YEAR_NS, 0, YEAR_NS]).map(lambda from_now: time.time_ns() + from_now),
)

RECORDS = st.builds(
    Odd,
    body=VALUES | st.sampled_from(["x" * 300_000, {"k": "я" * 200_000}]),
    attributes=ATTRIBUTES,
    resource=st.builds(lambda labels, others: labels + others, LABELS, ATTRIBUTES),
    scope=ATTRIBUTES,
    scope_name=words(3_000),
    severity_text=words(3_000),
    time_ns=TIMES,
    observed_ns=TIMES,
)


# A batch of megabytes that failed is still the best evidence that there is.
@pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning")
@settings(
    max_examples=25,
    deadline=None,
    derandomize="CI" in os.environ,
    # The batch as it was sent is the evidence: each attempt to find a smaller one would wait for missing lines again.
    phases=[Phase.generate],
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(batch=st.lists(RECORDS, min_size=1, max_size=12))
def test_every_record_of_a_batch_is_stored(batch: list[Odd], pipeline: Pipeline) -> None:
    marker = new_marker()
    # The number keeps two equal records apart: Loki stores what is equal in time, line and metadata once.
    found = [odd.found_by(f"{marker}-{number}-") for number, odd in enumerate(batch)]

    pipeline.send(on_the_wire(odd.resource_logs() for odd in found))

    lines = pipeline.stored(marker, len(batch), sent=batch)
    numbers = {line.metadata["scope_name"].removeprefix(f"{marker}-").split("-")[0] for line in lines}
    assert numbers == {str(number) for number in range(len(batch))}

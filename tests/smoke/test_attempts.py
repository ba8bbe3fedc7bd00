"""Attempts in Jaeger: one trace, no deeper for every attempt, each attempt linked to the failure before it."""

from tests.support.backend import Execution
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger

RETRY = "execution retry"
RESULT = "integr8scode:pod-results process"
"""The end of an attempt: what the result processor makes of its pod."""


def test_the_third_attempt_is_no_deeper_than_the_first(dead_lettered: Execution, jaeger: Jaeger) -> None:
    trace = eventually(
        lambda: jaeger.trace(dead_lettered.trace_id),
        # Each service sends its spans on its own.
        lambda found: found is not None and found.is_whole and len(found.named(RETRY)) == dead_lettered.attempt - 1,
        sent=dead_lettered,
        components=("saga-orchestrator", "otel-collector", "jaeger"),
    )
    assert trace is not None
    ends = sorted(trace.named(RESULT), key=lambda span: span["startTime"])
    assert len(ends) == dead_lettered.attempt == 3
    first, *later = [len(trace.ancestors(span["spanID"])) for span in ends]
    assert all(again <= first for again in later)

    retries = sorted(trace.named(RETRY), key=lambda span: span["startTime"])
    assert len(retries) == 2
    for failed, retry in zip(ends, retries, strict=False):
        [linked] = [each["spanID"] for each in retry["references"] if each["refType"] == "FOLLOWS_FROM"]
        assert failed["spanID"] in trace.ancestors(linked), "the link leads into the attempt that failed"

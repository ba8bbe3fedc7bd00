"""What `make trace` shows of a trace, and what it makes of what a person gives it."""

import pytest
from rich.console import Console

from stack.failure import StepError
from stack.look import trace
from stack.look.trace import Story
from stack.stores.jaeger import Jaeger, Span, Trace
from stack.stores.loki import Line, Loki

TRACE_ID = "4188f4d0f2be74515c5cb9a565dfe4ea"
BEGAN_US = 1_790_000_000_000_000


def span(span_id: str, parent: str | None, service: str, *, at_us: int = 0, failed: bool = False) -> Span:
    tags = {"error": True} if failed else {}
    return Span(span_id, parent, service, f"operation of {span_id}", BEGAN_US + at_us, 1500, tags)


def line(event: str, span_id: str | None, *, at_us: int = 0) -> Line:
    body = f'{{"event":"{event}","level":"info","execution_id":"e1"}}'
    metadata = {"trace_id": TRACE_ID} | ({"span_id": span_id} if span_id else {})
    return Line((BEGAN_US + at_us) * 1000, body, {"service_name": "a"}, metadata)


def shown(spans: list[Span], lines: list[Line]) -> str:
    console = Console(width=160, color_system=None)
    with console.capture() as capture:
        trace.show(Story(Trace(TRACE_ID, spans), lines), console)
    return capture.get()


def test_lines_stand_below_their_span_in_time_order() -> None:
    text = shown(
        [span("root", None, "a"), span("child", "root", "b", at_us=200)],
        [line("third", "child", at_us=300), line("first", "root", at_us=100)],
    )

    assert (
        text.index("operation of root") < text.index("first") < text.index("operation of child") < text.index("third")
    )


def test_a_span_that_tells_nothing_is_left_out_and_its_children_are_not() -> None:
    text = shown([span("root", None, "a"), span("quiet", "root", "a"), span("child", "quiet", "b")], [])

    assert "operation of quiet" not in text
    assert "operation of child" in text
    assert "1 spans without lines" in text


def test_a_failed_span_is_marked_and_never_left_out() -> None:
    text = shown([span("root", None, "a"), span("broken", "root", "a", failed=True)], [])

    assert "✗ a operation of broken" in text
    assert "1 failed" in text


def test_a_line_of_a_span_that_jaeger_does_not_know_is_shown_all_the_same() -> None:
    assert "lost and found" in shown([span("root", None, "a")], [line("lost and found", "unknown")])


def test_a_span_whose_parent_is_missing_is_shown_at_the_top() -> None:
    assert "operation of orphan" in shown([span("orphan", "never-arrived", "a")], [])


@pytest.mark.parametrize("given", ["", "   ", "no id; at all", '{"event":"x"}'])
def test_what_holds_no_id_is_refused_before_anybody_is_asked(given: str) -> None:
    unreachable = "http://127.0.0.1:9"

    with pytest.raises(StepError) as failure:
        trace.find(given, Loki(unreachable), Jaeger(unreachable))

    assert "make trace ID=" in failure.value.remedy


def test_a_component_that_does_not_answer_is_named() -> None:
    unreachable = "http://127.0.0.1:9"

    with pytest.raises(StepError) as failure:
        trace.find(TRACE_ID, Loki(unreachable), Jaeger(unreachable))

    assert failure.value.what == "asking Jaeger"

"""Figures of several runs, and the goals they are held against."""

from pathlib import Path

import pytest

from bench.report.goals import Goal, number, ratio
from bench.report.results import Results, Summary
from bench.scenario import percentile


@pytest.fixture
def results() -> Results:
    found = Results()
    for value in (3.0, 1.0, 2.0):
        found.add("burst", "this stack", {"a case": {"lines/s": value}})
    found.add("burst", "Loki alone", {"a case": {"lines/s": 4.0}})
    return found


def test_median_and_spread(results: Results) -> None:
    assert results.summary("burst", "a case", "this stack", "lines/s") == Summary(2.0, 1.0, 3.0)


def test_what_was_not_measured_has_no_figure(results: Results) -> None:
    assert results.summary("burst", "a case", "this stack", "seconds") is None
    assert results.summary("latency", "a case", "this stack", "lines/s") is None


def test_what_is_written_is_read_again(results: Results, tmp_path: Path) -> None:
    results.write(tmp_path / "results.json")

    assert Results.read(tmp_path / "results.json") == results


def test_a_part_is_measured_again_without_the_rest(results: Results) -> None:
    results.add("latency", "this stack", {"a case": {"p99 s": 0.1}})
    results.begin("burst")

    assert set(results.scenarios) == {"latency"}


def test_a_ratio_compares_medians(results: Results) -> None:
    goal = Goal("share", ratio("burst", "a case", "lines/s", "Loki alone"), 0.85, at_least=True)
    value = goal.measured(results)

    assert value == 0.5
    assert not goal.reached(value)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.99, 10), (0.1, 1)])
def test_percentiles_are_values_that_were_measured(share: float, expected: float) -> None:
    assert percentile([*range(10, 0, -1)], share) == expected


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "0.012"), (2.0, "2"), (12.345, "12"), (123.4, "123"), (98765.4, "98,765")]
)
def test_figures_have_the_digits_that_are_compared(value: float, text: str) -> None:
    assert number(value) == text

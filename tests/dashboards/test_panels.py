"""Every query of every panel, run on the stores with the variables filled in: it is answered, and cheaply."""

import re
import time
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from app.core.service_names import ServiceName
from stack.docker.endpoints import Endpoints
from tests.dashboards.questions import Question
from tests.support.backend import Execution
from tests.support.eventually import eventually
from tests.support.grafana import dashboards, targets
from tests.support.stored_metrics import STORED_WITHIN_SECONDS

# Between one question and the next, chunks are flushed and lines of before arrive.
SCAN_TOLERANCE = 1.05
LEGEND_LABEL = re.compile(r"\{\{(\w+)\}\}")


def queries(*sources: str) -> list[ParameterSet]:
    """Every query of every panel to one of these data sources."""
    return [
        pytest.param(dashboard, target, id=f"{dashboard['uid']}-{panel['title']}-{target['refId']}")
        for dashboard in dashboards()
        for panel, target in targets(dashboard)
        if target["datasource"]["uid"] in sources
    ]


QUERIES = queries("loki", "victoria-metrics", "jaeger")
NAMED_BY_LABELS = [query for query in QUERIES if LEGEND_LABEL.search(query.values[1].get("legendFormat", ""))]  # type: ignore[union-attr]


def choices(dashboard: dict[str, Any], execution: Execution) -> list[dict[str, str]]:
    """What may be chosen at the dashboard's top: each service where it shows one, everything where it shows many."""
    chosen = {"execution_id": execution.execution_id}
    of_one_service = False
    for variable in dashboard["templating"]["list"]:
        if variable["includeAll"]:
            chosen[variable["name"]] = variable["allValue"]
        elif variable["type"] == "query":
            of_one_service = True
        else:
            chosen.setdefault(variable["name"], variable["current"]["value"])
    return [chosen | {"service": service} for service in ServiceName] if of_one_service else [chosen]


@pytest.mark.parametrize(("dashboard", "target"), QUERIES)
def test_finds_something(
    dashboard: dict[str, Any], target: dict[str, Any], at: Endpoints, execution: Execution
) -> None:
    for chosen in choices(dashboard, execution):
        question = Question(target, chosen)
        assert "$" not in question.text, f"a variable is left in {question.text}"
        found_in_time(question, at)


def found_in_time(question: Question, at: Endpoints) -> list[dict[str, str]]:
    return eventually(
        lambda: question.ask(at).found,
        sent=question.text,
        components=("loki", "victoria-metrics", "jaeger"),
        within=STORED_WITHIN_SECONDS,
    )


@pytest.mark.parametrize(("dashboard", "target"), NAMED_BY_LABELS)
def test_legend_names_each_series_by_labels_that_it_has(
    dashboard: dict[str, Any], target: dict[str, Any], at: Endpoints, execution: Execution
) -> None:
    labels = set(LEGEND_LABEL.findall(target["legendFormat"]))
    question = Question(target, choices(dashboard, execution)[0])
    # The series of a zero, drawn where there is nothing to count, has no labels.
    named = [series for series in found_in_time(question, at) if series]
    assert named
    assert all(labels <= set(series) for series in named)
    names = [tuple(series[label] for label in sorted(labels)) for series in named]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("dashboard", "target"), queries("loki"))
def test_reads_no_more_than_the_lines_it_selects(
    dashboard: dict[str, Any], target: dict[str, Any], at: Endpoints, execution: Execution
) -> None:
    """Loki has 256 MiB: a query names a service or the namespace, and passes over their lines once."""
    now = time.time_ns()
    for chosen in choices(dashboard, execution):
        question = Question(target, chosen)
        assert re.match(r"\{service_name(space)?=", question.selector)
        once = question.bytes_of_one_pass(at, now)
        assert once
        assert question.bytes_read(at, now) <= once * SCAN_TOLERANCE, question.text

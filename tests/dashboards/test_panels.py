"""Every query of every panel, run on the stores with the variables filled in: it is answered, and cheaply."""

import re
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from app.core.service_names import ServiceName
from stack.endpoints import Endpoints
from tests.dashboards.questions import Question
from tests.support.backend import Execution
from tests.support.eventually import eventually
from tests.support.grafana import dashboards, targets
from tests.support.stored_metrics import STORED_WITHIN_SECONDS

# A chunk holds lines of more than the range, and small ones make the index's figure coarse.
SCAN_TOLERANCE = 1.5
COARSE_BYTES = 2_000_000


def queries(*sources: str) -> list[ParameterSet]:
    """Every query of every panel to one of these data sources."""
    return [
        pytest.param(dashboard, target, id=f"{dashboard['uid']}-{panel['title']}-{target['refId']}")
        for dashboard in dashboards()
        for panel, target in targets(dashboard)
        if target["datasource"]["uid"] in sources
    ]


QUERIES = queries("loki", "victoria-metrics", "jaeger")


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


def found_in_time(question: Question, at: Endpoints) -> None:
    eventually(
        lambda: question.ask(at).found,
        sent=question.text,
        components=("loki", "victoria-metrics", "jaeger"),
        within=STORED_WITHIN_SECONDS,
    )


@pytest.mark.parametrize(("dashboard", "target"), QUERIES)
def test_legend_names_labels_that_the_series_have(
    dashboard: dict[str, Any], target: dict[str, Any], at: Endpoints, execution: Execution
) -> None:
    labels = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
    question = Question(target, choices(dashboard, execution)[0])
    # The series of a zero, drawn where there is nothing to count, has no labels.
    assert all(labels <= set(series) for series in question.ask(at).found if series)


@pytest.mark.parametrize(("dashboard", "target"), queries("loki"))
def test_reads_no_more_than_the_lines_it_selects(
    dashboard: dict[str, Any], target: dict[str, Any], at: Endpoints, execution: Execution
) -> None:
    """Loki has 256 MiB: a query names a service or the namespace, and passes over their lines once."""
    for chosen in choices(dashboard, execution):
        question = Question(target, chosen)
        assert re.match(r"\{service_name(space)?=", question.selector)
        scanned = question.ask(at).scanned_bytes
        assert scanned <= question.bytes_selected(at) * SCAN_TOLERANCE + COARSE_BYTES, question.text

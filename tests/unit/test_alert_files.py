"""Grafana's alerting files against its documented provisioning format, strictly: it ignores keys that it does not know.

An older Grafana can't load them, and this one says what is wrong only when it starts.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

ROOT = Path(__file__).parents[2]
ALERTING = ROOT / "grafana" / "provisioning" / "alerting"
RUNBOOKS = ROOT / "docs" / "runbooks"
FILES = sorted(ALERTING.glob("*.yaml"))

# Prometheus's durations, largest unit first; Grafana parses `for` and intervals as such.
Duration = Annotated[str, StringConstraints(pattern=r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", min_length=2)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
# Grafana refuses longer ones, and anything else in them.
Uid = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,40}$")]
Matcher = tuple[Text, Literal["=", "!=", "=~", "!~"], str]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TimeRange(Strict):
    """Seconds before now."""

    begin: int = Field(alias="from", ge=0)
    to: int = Field(ge=0)


class PrometheusQuery(Strict):
    refId: Text  # noqa: N815
    editorMode: Literal["code", "builder"]  # noqa: N815
    # An alert looks at now; a range would need a reduce step before the threshold.
    instant: Literal[True]
    expr: Text


class Evaluator(Strict):
    type: Literal["gt", "lt"]
    params: Annotated[list[float], Field(min_length=1, max_length=1)]


class Condition(Strict):
    evaluator: Evaluator


class Threshold(Strict):
    refId: Text  # noqa: N815
    type: Literal["threshold"]
    expression: Text
    conditions: Annotated[list[Condition], Field(min_length=1, max_length=1)]


class Query(Strict):
    refId: Text  # noqa: N815
    datasourceUid: Literal["victoria-metrics"]  # noqa: N815
    relativeTimeRange: TimeRange  # noqa: N815
    model: PrometheusQuery


class Expression(Strict):
    refId: Text  # noqa: N815
    datasourceUid: Literal["__expr__"]  # noqa: N815
    relativeTimeRange: TimeRange  # noqa: N815
    model: Threshold


class Labels(Strict):
    severity: Literal["critical", "warning"]


class Annotations(Strict):
    summary: Text
    description: Text
    runbook_url: Text


class Rule(Strict):
    uid: Uid
    title: Annotated[str, StringConstraints(min_length=1, max_length=190)]
    condition: Text
    held_for: Duration = Field(alias="for")
    noDataState: Literal["NoData", "Alerting", "OK", "KeepLast"]  # noqa: N815
    execErrState: Literal["Error", "Alerting", "OK", "KeepLast"]  # noqa: N815
    labels: Labels
    annotations: Annotations
    data: tuple[Query, Expression]


class Group(Strict):
    orgId: Literal[1]  # noqa: N815
    name: Text
    folder: Text
    interval: Duration
    rules: Annotated[list[Rule], Field(min_length=1)]


class Receiver(Strict):
    uid: Uid
    type: Literal["webhook"]
    settings: dict[str, str]


class ContactPoint(Strict):
    orgId: Literal[1]  # noqa: N815
    name: Text
    receivers: Annotated[list[Receiver], Field(min_length=1)]


class Route(Strict):
    receiver: Text
    object_matchers: list[Matcher]
    mute_time_intervals: list[Text]


class Policy(Strict):
    """The root: Grafana allows it neither matchers nor mute timings."""

    orgId: Literal[1]  # noqa: N815
    receiver: Text
    group_by: list[Text]
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    routes: list[Route] = []


class Times(Strict):
    start_time: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end_time: Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


class TimeInterval(Strict):
    times: list[Times]


class MuteTiming(Strict):
    orgId: Literal[1]  # noqa: N815
    name: Text
    time_intervals: list[TimeInterval]


class AlertingFile(Strict):
    apiVersion: Literal[1]  # noqa: N815
    groups: list[Group] = []
    contactPoints: list[ContactPoint] = []  # noqa: N815
    policies: Annotated[list[Policy], Field(max_length=1)] = []
    muteTimes: list[MuteTiming] = []  # noqa: N815


def read(file: Path) -> AlertingFile:
    return AlertingFile.model_validate(yaml.safe_load(file.read_text()))


def all_rules() -> list[Rule]:
    return [rule for group in read(ALERTING / "rules.yaml").groups for rule in group.rules]


@pytest.fixture(params=all_rules(), ids=lambda rule: rule.uid)
def rule(request: pytest.FixtureRequest) -> Rule:
    return TypeAdapter(Rule).validate_python(request.param)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_has_grafanas_format(file: Path) -> None:
    read(file)


@pytest.mark.parametrize(
    "change",
    [{"for": "five minutes"}, {"noDataState": "Ok"}, {"uid": "with blank"}, {"annotation": {}}, {"condition": ""}],
)
def test_a_slip_of_the_pen_is_noticed(change: dict[str, Any]) -> None:
    document = yaml.safe_load((ALERTING / "rules.yaml").read_text())
    with pytest.raises(ValidationError):
        Rule.model_validate(document["groups"][0]["rules"][0] | change)


class TestRules:
    def test_have_uids_and_titles_of_their_own(self) -> None:
        rules = all_rules()
        assert len({rule.uid for rule in rules}) == len(rules)
        assert len({rule.title for rule in rules}) == len(rules)

    def test_compare_the_query_with_the_threshold(self, rule: Rule) -> None:
        query, threshold = rule.data
        assert query.refId == query.model.refId
        assert threshold.refId == threshold.model.refId == rule.condition
        assert threshold.model.expression == query.refId

    def test_ask_provisioned_data_sources(self, rule: Rule) -> None:
        sources = yaml.safe_load((ROOT / "grafana/provisioning/datasources/datasources.yml").read_text())
        assert rule.data[0].datasourceUid in {source["uid"] for source in sources["datasources"]}

    def test_leave_nothing_to_the_environment(self, rule: Rule) -> None:
        """Some fields in some versions of Grafana replace `$name` by an environment variable."""
        assert "$" not in rule.model_dump_json()

    def test_fill_their_texts_from_labels_that_the_query_keeps(self, rule: Rule) -> None:
        texts = rule.annotations.summary + rule.annotations.description
        assert texts.count("{{") == texts.count("}}")
        for template in re.findall(r"{{(.*?)}}", texts):
            for reference in re.findall(r"(?<![%\w])\.([\w.]+)", template):
                kind, name = reference.split(".", 1)
                assert (kind, name) == ("Values", "A.Value") or kind == "Labels", reference
                assert kind == "Values" or re.search(rf"by \([^)]*\b{name}\b", rule.data[0].model.expr), reference

    def test_only_one_rule_fires_when_victoria_metrics_is_away(self) -> None:
        """Fifteen alerts for one cause would hide it."""
        assert [rule.uid for rule in all_rules() if rule.execErrState == "Alerting"] == ["component-down"]
        assert all(rule.execErrState in {"Alerting", "KeepLast"} for rule in all_rules())

    def test_have_a_runbook_that_says_meaning_check_and_remedy(self, rule: Rule) -> None:
        assert rule.annotations.runbook_url == f"/public/runbooks/{rule.uid}.md"
        page = (RUNBOOKS / f"{rule.uid}.md").read_text()
        assert page.startswith(f"# {rule.title}\n")
        assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["Meaning", "Check", "Remedy"]


class TestRunbooks:
    def test_belong_to_a_rule_each(self) -> None:
        assert {page.stem for page in RUNBOOKS.glob("*.md")} == {rule.uid for rule in all_rules()}

    @pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
    def test_link_to_pages_that_exist(self, page: Path) -> None:
        for target in re.findall(r"]\(([^)]+)\)", page.read_text()):
            assert (page.parent / target).exists(), target


class TestContactPoints:
    @pytest.mark.parametrize("file", sorted(ALERTING.glob("contact-point.*.yaml")), ids=lambda file: file.name)
    def test_are_whole(self, file: Path) -> None:
        """One file of these is mounted: it must not count on what another one brings."""
        document = read(file)
        [policy] = document.policies
        known = {point.name for point in document.contactPoints} | {"grafana-default-email"}
        assert {policy.receiver, *(route.receiver for route in policy.routes)} <= known
        muted = {name for route in policy.routes for name in route.mute_time_intervals}
        assert muted == {timing.name for timing in document.muteTimes}

    def test_off_sends_nothing_to_anybody(self) -> None:
        document = read(ALERTING / "contact-point.off.yaml")
        [route] = document.policies[0].routes
        assert route.object_matchers == [("alertname", "=~", ".+")]
        [timing] = document.muteTimes
        assert [interval.times for interval in timing.time_intervals] == [[Times(start_time="00:00", end_time="24:00")]]

    def test_webhook_takes_its_address_from_the_settings(self) -> None:
        [point] = read(ALERTING / "contact-point.webhook.yaml").contactPoints
        assert point.receivers[0].settings["url"] == "${ALERT_WEBHOOK_URL}"

"""Grafana's alerting files by the rules that Grafana 13.1 loads them with, and strictly: it ignores unknown keys.

What it refuses ends its start, and only there does it say why.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

ROOT = Path(__file__).parents[2]
ALERTING = ROOT / "grafana" / "provisioning" / "alerting"
RUNBOOKS = ROOT / "docs" / "runbooks"
FILES = sorted(ALERTING.glob("*.yaml"))

# Prometheus's durations, largest unit first; Grafana parses `for` and intervals as such.
Duration = Annotated[str, StringConstraints(pattern=r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", min_length=2)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
# Grafana refuses longer ones, and anything else in them.
Uid = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,40}$")]


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


# The settings without which a receiver of a type is refused.
REQUIRED_SETTINGS = {
    "webhook": {"url"},
    "email": {"addresses"},
    "slack": {"url"},
    "prometheus-alertmanager": {"url"},
}


class Receiver(Strict):
    uid: Uid
    type: Literal["webhook", "email", "slack", "prometheus-alertmanager"]
    settings: dict[str, Text]

    @model_validator(mode="after")
    def has_what_its_type_needs(self) -> Self:
        missing = REQUIRED_SETTINGS[self.type] - set(self.settings)
        if missing:
            raise ValueError(f"{self.type} without {missing}")
        return self


class ContactPoint(Strict):
    orgId: Literal[1]  # noqa: N815
    name: Text
    receivers: Annotated[list[Receiver], Field(min_length=1)]


class Policy(Strict):
    """The root: Grafana allows it neither matchers nor mute timings."""

    orgId: Literal[1]  # noqa: N815
    receiver: Text
    group_by: list[Text]
    group_wait: Duration
    group_interval: Duration
    repeat_interval: Duration


class AlertingFile(Strict):
    apiVersion: Literal[1]  # noqa: N815
    groups: list[Group] = []
    contactPoints: list[ContactPoint] = []  # noqa: N815
    policies: Annotated[list[Policy], Field(max_length=1)] = []
    resetPolicies: list[Literal[1]] = []  # noqa: N815

    @model_validator(mode="after")
    def names_receivers_that_it_brings(self) -> Self:
        """Those that Grafana makes itself have another name in each version, and an unknown one ends its start."""
        known = {point.name for point in self.contactPoints}
        unknown = {policy.receiver for policy in self.policies} - known
        if unknown:
            raise ValueError(f"{unknown} are not defined")
        return self


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
        for name in re.findall(r"\.Labels\.(\w+)", texts):
            assert re.search(rf"by \([^)]*\b{name}\b", rule.data[0].model.expr), name

    def test_do_without_labels_and_values_that_are_missing(self, rule: Rule) -> None:
        """A bare one is shown as "[no value]" or as the raw template; tests/alerts expands them where Go is."""
        for template in re.findall(r"{{-? ?(.*?) ?-?}}", rule.annotations.summary + rule.annotations.description):
            if ".Values" in template:
                assert template == "with .Values.A"
            if ".Labels" in template:
                assert re.fullmatch(r'with \.Labels\.\w+|or( \.Labels\.\w+)+ "[^"]+"', template), template

    def test_only_one_rule_fires_when_victoria_metrics_is_away(self) -> None:
        """Sixteen alerts for one cause would hide it."""
        assert [rule.uid for rule in all_rules() if rule.execErrState == "Alerting"] == ["component-down"]
        assert all(rule.execErrState in {"Alerting", "KeepLast"} for rule in all_rules())

    def test_have_a_runbook_that_says_meaning_check_and_remedy(self, rule: Rule) -> None:
        # Grafana makes a link of an absolute address only.
        assert rule.annotations.runbook_url == f"{{{{ externalURL }}}}public/runbooks/{rule.uid}.md"
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


CONTACT_POINTS = sorted(file.name.split(".")[1] for file in ALERTING.glob("contact-point.*.yaml"))


class TestContactPoints:
    def test_are_those_that_people_expect(self) -> None:
        assert set(CONTACT_POINTS) >= {"off", "webhook", "email", "slack", "alertmanager"}

    def test_off_names_no_receiver(self) -> None:
        """Each version of Grafana has another default one."""
        assert read(ALERTING / "contact-point.off.yaml") == AlertingFile(apiVersion=1, resetPolicies=[1])

    @pytest.mark.parametrize("name", ["empty", "grafana-default-email"])
    def test_grafanas_own_receivers_are_not_counted_on(self, name: str) -> None:
        policy = {
            "orgId": 1,
            "receiver": name,
            "group_by": ["alertname"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
        }
        with pytest.raises(ValidationError, match="not defined"):
            AlertingFile.model_validate({"apiVersion": 1, "policies": [policy]})

    @pytest.mark.parametrize("chosen", [name for name in CONTACT_POINTS if name != "off"])
    def test_is_told_alone(self, chosen: str) -> None:
        """Grafana keeps the contact points of before, and tells all receivers of one name."""
        document = read(ALERTING / f"contact-point.{chosen}.yaml")
        [point] = document.contactPoints
        [policy] = document.policies
        assert point.name == policy.receiver == chosen
        assert [receiver.uid for receiver in point.receivers] == [chosen]

    @pytest.mark.parametrize("chosen", CONTACT_POINTS)
    def test_compose_hands_over_every_variable_and_asks_for_it(self, chosen: str) -> None:
        """One that is empty ends Grafana's start."""
        used = set(re.findall(r"\$\{(\w+)}", (ALERTING / f"contact-point.{chosen}.yaml").read_text()))
        needs = (ALERTING / f"contact-point.{chosen}.env").read_text()
        assert used <= set(re.findall(r"^(\w+)=\$\{\1:\?", needs, re.MULTILINE))

    @pytest.mark.parametrize("chosen", CONTACT_POINTS)
    def test_what_it_needs_is_in_the_example(self, chosen: str) -> None:
        needs = re.findall(r"\$\{(\w+):", (ALERTING / f"contact-point.{chosen}.env").read_text())
        example = (ROOT / ".env.example").read_text()
        assert not [name for name in needs if f"#{name}=" not in example]

"""What Grafana and Jaeger read at start, checked for what would otherwise fail only in a browser."""

import configparser
import copy
import itertools
import json
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from app.events.execution import State
from dashboards import __main__ as generator
from stack.paths import ROOT
from tests.support.grafana import (
    DASHBOARDS,
    dashboards,
    data_links,
    data_sources,
    expand,
    panels,
    targets,
    variables_in,
)

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
ONE_LINE_INSIDE_A_SPAN = """
from opentelemetry.sdk.trace import TracerProvider
from app.core.logging import setup_logger

logger = setup_logger("INFO")
with TracerProvider().get_tracer("test").start_as_current_span("work") as span:
    logger.info("work done", execution_id="abc123")
    print(format(span.get_span_context().trace_id, "032x"), flush=True)
"""
# Variables that Grafana itself provides.
BUILT_IN_VARIABLES = {"__interval", "__rate_interval", "__range", "__from", "__to", "__url_time_range"}
OF_WHAT_WAS_CLICKED = ("__field.labels.", "__data.fields.")
COLUMNS = 24
# The one panel that asks no data source: Grafana's own alerts.
ALERTS = "alertlist"
# Each of these ends a value in a URL, or begins another one.
ODD_NAME = "GET /a b&c+d#e?f=g%20;h"
TIMES = {"__from": "1", "__to": "2", "__url_time_range": "from=1&to=2"}


@pytest.fixture(params=dashboards(), ids=lambda dashboard: dashboard["uid"])
def dashboard(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture(scope="module")
def line_and_trace_id() -> tuple[str, str]:
    """Return a line that the application wrote inside a span, and that span's trace id."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    finished = subprocess.run(
        [sys.executable, "-c", ONE_LINE_INSIDE_A_SPAN],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    line, trace_id = finished.stdout.split("\n")[:2]
    return line, trace_id


def derived_field(name: str) -> dict[str, Any]:
    (field,) = [field for field in data_sources()["loki"]["jsonData"]["derivedFields"] if field["name"] == name]
    return dict(field)


class TestDataSources:
    def test_have_the_uids_that_links_and_dashboards_name(self) -> None:
        assert set(data_sources()) == {"loki", "jaeger", "victoria-metrics"}

    def test_point_to_services_of_the_compose_file(self) -> None:
        services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        hosts = {urlsplit(source["url"]).hostname for source in data_sources().values()}
        assert hosts <= set(services)

    def test_only_one_is_preselected(self) -> None:
        assert [uid for uid, source in data_sources().items() if source.get("isDefault")] == ["loki"]

    def test_leave_alert_rules_to_grafana(self) -> None:
        """By default its page of rules asks Loki and VictoriaMetrics for theirs, at addresses that are not there."""
        asked = {uid for uid, source in data_sources().items() if source["type"] in {"loki", "prometheus"}}
        assert asked == {
            uid for uid, source in data_sources().items() if source["jsonData"].get("manageAlerts") is False
        }

    def test_correlations_are_typed_for_old_and_new_grafanas(self) -> None:
        correlations = [one for source in data_sources().values() for one in source.get("correlations", [])]
        assert correlations
        for correlation in correlations:
            assert correlation["type"] == correlation["config"]["type"] == "query"
            # Grafana takes these for granted, and ends without them.
            assert {"label", "description", "targetUID"} <= set(correlation)

    def test_link_to_each_other_only(self) -> None:
        named = re.findall(r'"(?:datasourceUid|targetUID)": "([^"]+)"', json.dumps(data_sources()))
        assert named
        assert set(named) <= set(data_sources())


class TestLineToTrace:
    def test_is_the_specifications_field(self) -> None:
        assert derived_field("TraceID") == {
            "datasourceUid": "jaeger",
            "matcherRegex": r'"trace_id":"(\w+)"',
            "name": "TraceID",
            "url": "${__value.raw}",
        }

    def test_finds_the_trace_id_in_a_line_of_the_application(self, line_and_trace_id: tuple[str, str]) -> None:
        line, trace_id = line_and_trace_id
        match = re.search(derived_field("TraceID")["matcherRegex"], line)
        assert match is not None, line
        assert match[1] == trace_id

    def test_needs_compact_json(self) -> None:
        """Python's own JSON has a blank after the colon. That no link shows then is why lines are compact."""
        assert re.search(derived_field("TraceID")["matcherRegex"], json.dumps({"trace_id": TRACE_ID})) is None

    def test_works_by_metadata_too(self) -> None:
        field = derived_field("Trace")
        assert (field["matcherType"], field["datasourceUid"]) == ("label", "jaeger")
        assert re.search(field["matcherRegex"], "trace_id")
        assert not re.search(field["matcherRegex"], "claimed_trace_id")

    def test_fields_have_names_of_their_own(self) -> None:
        """Grafana gives fields of one name the first one's matcher."""
        names = [field["name"] for field in data_sources()["loki"]["jsonData"]["derivedFields"]]
        assert len(names) == len(set(names))

    def test_links_into_grafana_have_a_title(self) -> None:
        """Grafana names a link with a relative address by the first part of its path."""
        fields = data_sources()["loki"]["jsonData"]["derivedFields"]
        for field in fields:
            assert field["url"].startswith("$") or field["urlDisplayLabel"], field["name"]

    def test_finds_the_execution_id_in_a_line_of_the_application(self, line_and_trace_id: tuple[str, str]) -> None:
        match = re.search(derived_field("Execution")["matcherRegex"], line_and_trace_id[0])
        assert match
        assert match[1] == "abc123"

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            ("saga-orchestrator  Execution scheduled  attempt=1  execution_id=abc-123", "abc-123"),
            ('{"original_execution_id":"abc123"}', None),
            ("no_execution_id=abc123", None),
        ],
    )
    def test_finds_the_execution_id_in_a_line_as_dashboards_show_it(self, line: str, found: str | None) -> None:
        match = re.search(derived_field("Execution")["matcherRegex"], line)
        assert (match and match[1]) == found


class TestTraceToLines:
    def test_asks_loki_for_the_trace_id_alone(self) -> None:
        link = data_sources()["jaeger"]["jsonData"]["tracesToLogsV2"]
        assert data_sources()[link["datasourceUid"]]["type"] == "loki"
        assert link["customQuery"] is True
        assert link["query"] == '{service_name=~".+"} | trace_id="${__trace.traceId}"'

    def test_looks_around_the_span_and_not_only_inside(self) -> None:
        link = data_sources()["jaeger"]["jsonData"]["tracesToLogsV2"]
        assert (link["spanStartTimeShift"], link["spanEndTimeShift"]) == ("-30m", "30m")

    def test_jaegers_own_page_asks_the_same(self) -> None:
        """The link in Jaeger's UI opens Grafana's Explore with the same query on the provisioned Loki."""
        (pattern,) = json.loads((ROOT / "jaeger" / "ui.json").read_text())["linkPatterns"]
        start, end = "2026-01-01T00:00:00.000Z", "2026-01-01T02:00:00.000Z"
        values = {"traceID": TRACE_ID, "startTime": start, "endTime": end}
        url = re.sub(r"#\{(\w+)[^}]*\}", lambda match: values[match[1]], pattern["url"])

        (pane,) = json.loads(parse_qs(urlsplit(url).query)["panes"][0]).values()
        (query,) = pane["queries"]
        grafanas = data_sources()["jaeger"]["jsonData"]["tracesToLogsV2"]["query"]
        assert query["expr"] == grafanas.replace("${__trace.traceId}", TRACE_ID)
        assert {pane["datasource"], query["datasource"]["uid"]} <= set(data_sources())
        assert pane["range"] == {"from": start, "to": end}


class TestDashboards:
    def test_are_what_the_generator_writes(self) -> None:
        """After a change in dashboards/: `python -m dashboards`."""
        assert {file.name: file.read_text() for file in DASHBOARDS} == generator.contents()

    def test_keeps_to_grafanas_schema(self, dashboard: dict[str, Any]) -> None:
        """The SDK's types are generated from it: what they would not read or not write again is not part of it."""
        register_default_plugins()
        without_jaeger = copy.deepcopy(dashboard)
        for panel in panels(without_jaeger):
            # Jaeger's queries have no published schema.
            if "targets" in panel:
                panel["targets"] = [t for t in panel["targets"] if t["datasource"]["type"] != "jaeger"]
        read = Dashboard.from_json(without_jaeger)
        assert json.loads(json.dumps(read, cls=JSONEncoder)) == without_jaeger

    def test_uses_provisioned_data_sources_only(self, dashboard: dict[str, Any]) -> None:
        variables = [variable for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
        asking = [panel for panel in panels(dashboard) if panel["type"] != ALERTS]
        users = [*asking, *(target for _, target in targets(dashboard)), *variables]
        assert {user["datasource"]["uid"] for user in users} <= set(data_sources())

    def test_is_a_file_and_no_export_of_one_database(self, dashboard: dict[str, Any]) -> None:
        """An `id` is a row of somebody's database: Grafana would take the file for another dashboard."""
        assert "id" not in dashboard
        assert dashboard["uid"]
        assert dashboard["title"]

    def test_panels_have_ids_and_titles_of_their_own(self, dashboard: dict[str, Any]) -> None:
        for name in ("id", "title"):
            values = [panel[name] for panel in dashboard["panels"]]
            assert len(values) == len(set(values))

    def test_panels_say_what_they_show(self, dashboard: dict[str, Any]) -> None:
        assert all(panel["description"].endswith(".") for panel in panels(dashboard))

    def test_panels_fill_rows_without_overlap(self, dashboard: dict[str, Any]) -> None:
        cells: set[tuple[int, int]] = set()
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            own = set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))
            assert not own & cells, panel["title"]
            cells |= own
        rows = {y for _, y in cells}
        assert cells == set(itertools.product(range(COLUMNS), rows))

    def test_queries_of_a_panel_have_names_of_their_own(self, dashboard: dict[str, Any]) -> None:
        for panel in panels(dashboard):
            names = [target["refId"] for target in panel.get("targets", [])]
            assert names or panel["type"] == ALERTS
            assert len(names) == len(set(names))

    def test_queries_use_variables_that_exist(self, dashboard: dict[str, Any]) -> None:
        known = BUILT_IN_VARIABLES | {variable["name"] for variable in dashboard["templating"]["list"]}
        for _, target in targets(dashboard):
            assert variables_in(target.get("expr") or target["service"]) <= known

    def test_links_use_variables_that_exist(self, dashboard: dict[str, Any]) -> None:
        known = BUILT_IN_VARIABLES | {variable["name"] for variable in dashboard["templating"]["list"]}
        for panel in panels(dashboard):
            for link in data_links(panel):
                used = {name for name in variables_in(link["url"]) if not name.startswith(OF_WHAT_WAS_CLICKED)}
                assert used <= known, link["url"]

    def test_links_lead_to_what_was_clicked_whatever_its_name(self, dashboard: dict[str, Any]) -> None:
        """A sender calls its services and spans as it likes."""
        for panel in panels(dashboard):
            for link in data_links(panel):
                used = variables_in(link["url"])
                url = urlsplit(expand(link["url"], dict.fromkeys(used, ODD_NAME) | TIMES))
                assert not url.fragment
                given = parse_qs(url.query, strict_parsing=True)
                assert set(given) <= {"schemaVersion", "orgId", "panes", "from", "to"} | {
                    f"var-{variable['name']}" for board in dashboards() for variable in board["templating"]["list"]
                }
                if used - set(TIMES):
                    assert ODD_NAME in str(given), link["url"]
                for panes in given.get("panes", []):
                    assert json.loads(panes)

    def test_links_to_failed_traces_say_so_in_logfmt(self) -> None:
        """Of tags in JSON, Grafana asks for nothing and shows all traces."""
        links = [link["url"] for board in dashboards() for panel in panels(board) for link in data_links(panel)]
        searches = [unquote(url) for url in links if "%22tags%22" in url]
        assert searches
        assert all('"tags":"error=true"' in url for url in searches)

    def test_charts_of_zeros_do_not_reach_for_a_hundred(self, dashboard: dict[str, Any]) -> None:
        charts = [panel["fieldConfig"]["defaults"] for panel in panels(dashboard) if panel["type"] == "timeseries"]
        assert charts
        assert all(0 < chart["custom"]["axisSoftMax"] <= 100 for chart in charts)

    def test_axes_choose_their_own_decimals(self, dashboard: dict[str, Any]) -> None:
        """With none, 1.5 K and 2 K are both labelled 2 K."""
        charts = [panel["fieldConfig"]["defaults"] for panel in panels(dashboard) if panel["type"] == "timeseries"]
        assert not [chart for chart in charts if "decimals" in chart]

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("integr8scode-saga-orchestrator", "saga-orchestrator"),
            ("integr8scode:pods", "pods"),
            ("billing", "billing"),
            ("x" * 2048, "x" * 40),
        ],
    )
    def test_legends_show_short_names(self, name: str, shown: str) -> None:
        renaming = {
            json.dumps(transformation["options"])
            for board in dashboards()
            for panel in panels(board)
            for transformation in panel.get("transformations", [])
            if transformation["id"] == "renameByRegex"
        }
        (options,) = map(json.loads, renaming)
        assert re.sub(options["regex"], options["renamePattern"].replace("$", "\\"), name) == shown

    def test_every_chart_of_services_shortens_their_names(self, dashboard: dict[str, Any]) -> None:
        for panel in panels(dashboard):
            if any("{{service_name}}" in target.get("legendFormat", "") for target in panel.get("targets", [])):
                assert "renameByRegex" in {done["id"] for done in panel["transformations"]}, panel["title"]

    def test_one_execution_counts_once(self) -> None:
        """It passes many states: only those that end it are added up."""
        stacked = [
            (panel["title"], target["expr"])
            for board in dashboards()
            for panel in panels(board)
            if panel["type"] == "timeseries" and panel["fieldConfig"]["defaults"]["custom"].get("drawStyle") == "bars"
            for target in panel["targets"]
            if "integr8scode_executions_total" in target["expr"]
        ]
        assert stacked
        for title, expr in stacked:
            (states,) = re.findall(r'state=~"([^"]+)"', expr)
            assert {State(state) for state in states.split("|")} == {s for s in State if s.is_final}, title

    def test_the_first_page_shows_what_fires(self) -> None:
        (first,) = [board for board in dashboards() if board["uid"] == "overview"]
        assert ALERTS in {panel["type"] for panel in panels(first)}

    def test_what_is_not_known_is_not_green(self, dashboard: dict[str, Any]) -> None:
        """While a store does not answer: Grafana takes the first colour for no value, and 0 is the first value."""
        for panel in panels(dashboard):
            if panel["type"] == "stat" and panel["options"]["colorMode"] == "background":
                unknown, zero, *_ = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
                assert (unknown["value"], unknown["color"], zero["value"]) == (None, "text", 0), panel["title"]

    def test_uids_are_unique(self) -> None:
        uids = [dashboard["uid"] for dashboard in dashboards()]
        assert len(uids) == len(set(uids))

    def test_lead_to_each_other(self, dashboard: dict[str, Any]) -> None:
        """By a tag that all of them carry."""
        (link,) = dashboard["links"]
        assert link["type"] == "dashboards"
        assert set(link["tags"]) <= set(dashboard["tags"])

    def test_the_first_page_is_one_of_them(self) -> None:
        settings = configparser.ConfigParser()
        settings.read(ROOT / "grafana" / "grafana.ini")
        uid = settings["users"]["home_page"].split("/")[2]
        assert uid in {dashboard["uid"] for dashboard in dashboards()}

    def test_links_between_dashboards_lead_somewhere(self, dashboard: dict[str, Any]) -> None:
        uids = {dashboard["uid"] for dashboard in dashboards()}
        assert set(re.findall(r'"/d/([^/"?]+)', json.dumps(dashboard))) <= uids

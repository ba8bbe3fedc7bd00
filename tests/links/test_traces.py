"""From a trace: to the log lines of all its services, from a span to its own, and to the metrics of its operation."""

import json
from typing import Any

import pytest

from app.core.service_names import ServiceName
from stack.paths import ROOT
from stack.stores.loki import Line, Loki
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.links.rules import explore_link, jaeger_link, shifted_range, span_variables
from tests.support.eventually import eventually
from tests.support.grafana import data_sources, expand, variables_in
from tests.support.jaeger import Trace


@pytest.fixture(scope="module")
def jaeger_source() -> dict[str, Any]:
    return data_sources()["jaeger"]


def of_trace(lines: list[Line], trace_id: str) -> set[tuple[int, str]]:
    return {(line.timestamp_ns, line.body) for line in lines if line.metadata["trace_id"] == trace_id}


def test_a_trace_leads_to_all_its_lines(
    jaeger_source: dict[str, Any], loki: Loki, lines: list[Line], traces: dict[str, Trace]
) -> None:
    """Whichever span the link is clicked on."""
    link = jaeger_source["jsonData"]["tracesToLogsV2"]
    assert link["datasourceUid"] == "loki"
    assert link["customQuery"] is True
    for trace_id, trace in traces.items():
        assert of_trace(lines, trace_id)
        for span in trace.spans:
            start_ns, end_ns = shifted_range(link, span)
            query = expand(link["query"], span_variables(trace, span))
            found = loki.lines(query, start_ns=start_ns, end_ns=end_ns)
            assert {(line.timestamp_ns, line.body) for line in found} >= of_trace(lines, trace_id)


def test_spans_lead_to_their_own_lines(
    jaeger_source: dict[str, Any], loki: Loki, lines: list[Line], traces: dict[str, Trace]
) -> None:
    """And each line of a trace is found from one of its spans, in all seven services."""
    (link,) = jaeger_source["correlations"]
    assert link["targetUID"] == "loki"
    assert link["config"]["field"] == "spanID"
    services = set()
    for trace_id, trace in traces.items():
        found = []
        for span in trace.spans:
            own = loki.lines(expand(link["config"]["target"]["expr"], span_variables(trace, span)))
            assert {line.metadata["span_id"] for line in own} <= {span["spanID"]}
            found += own
        assert of_trace(found, trace_id) == of_trace(lines, trace_id)
        services |= {line.labels["service_name"] for line in found}
    assert services >= set(ServiceName)


def test_spans_lead_to_metrics_of_their_operation(
    jaeger_source: dict[str, Any], metrics: VictoriaMetrics, traces: dict[str, Trace]
) -> None:
    link = jaeger_source["jsonData"]["tracesToMetrics"]
    assert link["datasourceUid"] == "victoria-metrics"
    spans = {
        span_variables(trace, span)["__span.name"]: (trace, span) for trace in traces.values() for span in trace.spans
    }
    for trace, span in spans.values():
        variables = span_variables(trace, span)
        assert link["queries"]
        for query in link["queries"]:
            found = asked_until_there(metrics, expand(query["query"], variables))
            assert variables["serviceName"] in {series["metric"]["service_name"] for series in found}


def asked_until_there(victoria_metrics: VictoriaMetrics, promql: str) -> list[dict[str, Any]]:
    """The Collector sends the metrics of new spans every 15 s."""
    return eventually(
        lambda: victoria_metrics.query(promql), sent=promql, components=("otel-collector", "victoria-metrics")
    )


def test_links_use_variables_that_every_span_has(jaeger_source: dict[str, Any], traces: dict[str, Trace]) -> None:
    """A link with a variable that stays empty isn't shown at all."""
    trace = next(iter(traces.values()))
    known = span_variables(trace, trace.spans[0])
    used = variables_in(json.dumps(jaeger_source))
    assert used
    assert used <= set(known)


def test_jaegers_page_leads_to_all_lines_in_grafana(loki: Loki, lines: list[Line], traces: dict[str, Trace]) -> None:
    (pattern,) = json.loads((ROOT / "jaeger" / "ui.json").read_text())["linkPatterns"]
    for trace_id, trace in traces.items():
        assert of_trace(lines, trace_id)
        link = explore_link(jaeger_link(pattern, trace_id, trace))
        assert link.data_source == "loki"
        found = loki.lines(link.query["expr"])
        assert of_trace(found, trace_id) >= of_trace(lines, trace_id)
        assert link.range["from"] < link.range["to"]

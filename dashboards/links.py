"""Where a click on a panel leads: other dashboards, and Grafana's Explore."""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType, DataSourceRef

from dashboards.sources import JAEGER, LOKI

# All dashboards carry it: the links at the top of each lead to every dashboard that does.
TAG = "integr8scode"


def to_each_other() -> DashboardLink:
    """The row of links at a dashboard's top."""
    return DashboardLink("").type(DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(True)


def to_dashboard(title: str, uid: str, **variables: str) -> DashboardLink:
    """A dashboard at the same time range, with the variables that are given."""
    chosen = "".join(f"var-{name}={value}&" for name, value in variables.items())
    return DashboardLink(title).url(f"/d/{uid}/{uid}?{chosen}${{__url_time_range}}")


def to_lines(title: str, logql: str) -> DashboardLink:
    """The log lines that `logql` finds at the same time."""
    return DashboardLink(title).url(_explore(LOKI, {"expr": logql, "queryType": "range"}))


def to_traces(title: str, service: str, operation: str = "", tags: str = "") -> DashboardLink:
    """The traces of a service at the same time, of one operation or with certain tags where these are given."""
    search = {"queryType": "search", "service": service, "operation": operation, "tags": tags, "limit": 20}
    return DashboardLink(title).url(_explore(JAEGER, {name: value for name, value in search.items() if value}))


def _explore(source: DataSourceRef, query: Mapping[str, object]) -> str:
    pane = {
        "datasource": source.uid,
        "queries": [{"refId": "A", "datasource": {"type": source.type_val, "uid": source.uid}, **query}],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    encoded = quote(json.dumps({"pane": pane}, separators=(",", ":")))
    # Grafana finds its variables before it decodes the URL.
    with_variables = re.sub(r"%24%7B.+?%7D", lambda variable: unquote(variable[0]), encoded)
    return f"/explore?schemaVersion=1&orgId=1&panes={with_variables}"

"""Where a click on a panel leads: other dashboards, and Grafana's Explore.

What was clicked on can hold anything that a sender calls a service or a span, so every variable is written to be
encoded for the URL that it stands in: by its own default Grafana leaves `&`, `+` and `#` as they are, and each of them
ends the value there.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType, DataSourceRef

from dashboards.sources import JAEGER, LOKI

# All dashboards carry it: the links at the top of each lead to every dashboard that does.
TAG = "integr8scode"

_VARIABLE = re.compile(r"\$\{([\w.]+)\}")
# Numbers, and what is a piece of URL already.
_FIT_FOR_A_URL = {"__from", "__to", "__url_time_range"}


def to_each_other() -> DashboardLink:
    """The row of links at a dashboard's top."""
    return DashboardLink("").type(DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(True)


def to_dashboard(title: str, uid: str, *, keeping: tuple[str, ...] = (), **variables: str) -> DashboardLink:
    """A dashboard at the same time range, with the variables that are given, and those that stay as they are chosen."""
    chosen = [f"var-{name}={_encoded(value)}" for name, value in variables.items()]
    kept = [f"${{{name}:queryparam}}" for name in keeping]
    return DashboardLink(title).url(f"/d/{uid}/{uid}?{'&'.join([*chosen, *kept, '${__url_time_range}'])}")


def to_lines(title: str, logql: str) -> DashboardLink:
    """The log lines that `logql` finds at the same time."""
    return DashboardLink(title).url(_explore(LOKI, {"expr": logql, "queryType": "range"}))


def to_traces(title: str, service: str, operation: str = "") -> DashboardLink:
    """The traces of a service at the same time, of one operation where it is given."""
    return _search(title, {"service": service, "operation": operation})


def to_failed_traces(title: str, service: str) -> DashboardLink:
    """The traces of a service at the same time that have a span with an error. Grafana reads `tags` as logfmt."""
    return _search(title, {"service": service, "tags": "error=true"})


def _search(title: str, wanted: Mapping[str, str]) -> DashboardLink:
    given = {name: value for name, value in wanted.items() if value}
    return DashboardLink(title).url(_explore(JAEGER, {"queryType": "search", **given, "limit": 20}))


def _explore(source: DataSourceRef, query: Mapping[str, object]) -> str:
    pane = {
        "datasource": source.uid,
        "queries": [{"refId": "A", "datasource": {"type": source.type_val, "uid": source.uid}, **query}],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    panes = json.dumps({"pane": pane}, separators=(",", ":"))
    return f"/explore?schemaVersion=1&orgId=1&panes={_encoded(panes)}"


def _encoded(text: str) -> str:
    """Text as part of a URL; Grafana fills in its variables, encoded likewise."""
    fixed = _VARIABLE.split(text)
    # Every second part is a variable's name.
    return "".join(_variable(part) if position % 2 else quote(part, safe="") for position, part in enumerate(fixed))


def _variable(name: str) -> str:
    return f"${{{name}}}" if name in _FIT_FOR_A_URL else f"${{{name}:percentencode}}"

"""Grafana's files and its variables, as far as tests read the one and expand the other.

What a variable stands for is documented under "Variables" and "Data link variables" of Grafana's manual.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import yaml

from stack.paths import ROOT

PROVISIONING = ROOT / "grafana" / "provisioning"
DASHBOARDS = sorted((PROVISIONING / "dashboards").glob("*.json"))
# `$name`, `${name}` and `${name:format}`; names may be paths such as __field.labels.service_name.
_VARIABLE = re.compile(r"\$\{([\w.]+)(?::(\w+))?\}|\$(\w+)")


def data_sources() -> dict[str, dict[str, Any]]:
    """Return the provisioned data sources by uid, as Grafana sees them.

    In provisioned files Grafana replaces `$NAME` and `${NAME}` by environment variables, which are empty here; `$$` is
    a dollar.
    """
    text = (PROVISIONING / "datasources" / "datasources.yml").read_text()
    seen = "$".join(re.sub(r"\$(\w+|\{[^}]*\})", "", part) for part in text.split("$$"))
    return {source["uid"]: source for source in yaml.safe_load(seen)["datasources"]}


def dashboards() -> list[dict[str, Any]]:
    """Return the provisioned dashboards."""
    return [json.loads(file.read_text()) for file in DASHBOARDS]


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels of a dashboard that show something: all but the headings."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def targets(dashboard: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each query of a dashboard with the panel that it belongs to."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            yield panel, target


def data_links(panel: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the links that a click on a value of the panel offers."""
    fields = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
    yield from fields["defaults"].get("links", [])
    for override in fields["overrides"]:
        for property_ in override["properties"]:
            if property_["id"] == "links":
                yield from property_["value"]


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace every variable by its value.

    Of the formats, `queryparam` makes `var-name=value` of a dashboard's variable, and `percentencode` encodes every
    character that means something in a URL. A variable without a value stays as it is, as it would in Grafana.
    """

    def value_of(variable: re.Match[str]) -> str:
        name, form = variable[1] or variable[3], variable[2]
        if name not in values:
            return variable[0]
        if form == "queryparam":
            return f"var-{name}={quote(values[name], safe='')}"
        if form == "percentencode":
            return quote(values[name], safe="")
        return values[name]

    return _VARIABLE.sub(value_of, text)


def variables_in(text: str) -> set[str]:
    """Return the names of the variables that `text` uses."""
    return {variable[1] or variable[3] for variable in _VARIABLE.finditer(text)}

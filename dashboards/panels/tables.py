"""Tables: a row for each value of a label, and traces that were found."""

from collections.abc import Sequence
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from dashboards.panels.appearance import completed, properties, thresholds
from dashboards.sources import Query

# Pixels: what a number with its unit takes. The rest is for names.
_NUMBER_WIDTH = 110
# Pixels: 32 hexadecimal digits, and a date with its time to the millisecond.
_TRACE_WIDTHS = {"Trace ID": 300, "Start time": 210, "Duration": _NUMBER_WIDTH}


def rows(
    title: str,
    queries: Sequence[Query],
    description: str,
    *,
    columns: dict[str, str],
    units: dict[str, tuple[str, int]],
    links: dict[str, Sequence[DashboardLink]],
    width: int,
    height: int = 8,
) -> table.Panel:
    """One row for each value of a label; `columns` names those shown, in their order, by what the queries call them.

    The row with the largest first value comes first. `units` tells a column's unit and decimals. Where the first query
    is the only one with an answer, as in quiet times, Grafana calls its values by another name.
    """
    columns = columns | {"Value": columns["Value #A"]}
    hidden = dict.fromkeys(("Time", *_unused_values(queries, columns)), True)
    organise = {
        "excludeByName": hidden,
        "indexByName": {name: position for position, name in enumerate(columns)},
        "renameByName": columns,
    }
    panel = (
        table.Panel()
        .show_header(True)
        .with_transformation(DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(DataTransformerConfig(id_val="organize", options=organise))
        .thresholds(thresholds(((None, "blue"),)))
        .no_value("-")
        .sort_by([common.TableSortByFieldState().display_name(columns["Value #A"]).desc(True)])
    )
    for column, (unit, decimals) in units.items():
        panel.override_by_name(column, properties({"unit": unit, "decimals": decimals, "custom.width": _NUMBER_WIDTH}))
    for column, followed in links.items():
        panel.override_by_name(column, properties({"links": [link.build() for link in followed]}))
    return completed(panel, title, description, queries, (width, height))


def found_traces(title: str, query: Query, description: str, *, width: int, height: int = 8) -> table.Panel:
    """Traces that a search has found; Grafana links each to itself. The name gets what the rest leaves."""
    panel = table.Panel().show_header(True)
    for column, pixels in _TRACE_WIDTHS.items():
        panel.override_by_name(column, properties({"custom.width": pixels}))
    return completed(panel, title, description, [query], (width, height))


def _unused_values(queries: Sequence[Query], columns: dict[str, str]) -> list[str]:
    values = [f"Value #{letter}" for letter, _ in zip(ascii_uppercase, queries, strict=False)]
    return [value for value in values if value not in columns]

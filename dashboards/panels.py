"""The few kinds of panels that the dashboards are made of; sizes are columns of 24 and rows of 30 px."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import TypeVar

from grafana_foundation_sdk.builders import common, logs, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor, ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    LogsSortOrder,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

from app.core.service_names import NAMESPACE
from dashboards.sources import Query

# Pixels: what a number with its unit takes. The rest is for names.
_NUMBER_WIDTH = 110

Panel = TypeVar("Panel", timeseries.Panel, stat.Panel, table.Panel, logs.Panel)

LEVEL_COLOURS = {
    "critical": "dark-red",
    "fatal": "dark-red",
    "error": "red",
    "warn": "orange",
    "info": "green",
    "debug": "blue",
    "trace": "light-blue",
    "unknown": "purple",
}
LEVELS = tuple(reversed(("unknown", "fatal", "critical", "error", "warn", "info", "debug", "trace")))


def number(
    title: str,
    query: Query,
    description: str,
    *,
    unit: str = "locale",
    steps: Sequence[tuple[float | None, str]] = ((None, "blue"),),
    decimals: int | None = None,
    words: dict[str, str] | None = None,
    links: Sequence[DashboardLink] = (),
) -> stat.Panel:
    """One number whose colour says whether it is a good one; `words` replace values that mean more than a number."""
    panel = (
        stat.Panel()
        .unit(unit)
        .thresholds(thresholds(steps))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(BigValueColorMode.VALUE if len(steps) == 1 else BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
        .data_links(list(links))
    )
    if decimals is not None:
        panel.decimals(decimals)
    if words:
        panel.mappings([ValueMap({value: ValueMappingResult(text=word) for value, word in words.items()})])
    return _complete(panel, title, description, [query], (4, 4))


def totals(
    title: str, query: Query, description: str, *, links: Sequence[DashboardLink] = (), width: int = 8, height: int = 6
) -> stat.Panel:
    """The sum of each series over the time range, with its name."""
    panel = (
        stat.Panel()
        .unit("locale")
        .thresholds(thresholds(((None, "blue"),)))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .reduce_options(common.ReduceDataOptions().calcs(["sum"]).values(False).fields(""))
        .data_links(list(links))
    )
    return _complete(panel, title, description, [query], (width, height))


def chart(
    title: str,
    queries: Sequence[Query],
    description: str,
    *,
    unit: str = "short",
    links: Sequence[DashboardLink] = (),
    limit: float | None = None,
    width: int = 8,
    height: int = 8,
) -> timeseries.Panel:
    """Lines over time, from zero; `limit` is drawn as the value not to reach."""
    panel = (
        _over_time(unit, links)
        .draw_style(GraphDrawStyle.LINE)
        .line_width(1)
        .fill_opacity(10)
        .show_points(VisibilityMode.NEVER)
        .span_nulls(False)
    )
    if limit is not None:
        panel.thresholds(thresholds(((None, "transparent"), (limit, "red"))))
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    return _complete(panel, title, description, queries, (width, height))


def counts(
    title: str,
    queries: Sequence[Query],
    description: str,
    *,
    links: Sequence[DashboardLink] = (),
    width: int = 8,
    height: int = 8,
) -> timeseries.Panel:
    """How many there were in each interval, as stacked bars."""
    panel = (
        _over_time("short", links)
        .decimals(0)
        .draw_style(GraphDrawStyle.BARS)
        .line_width(0)
        .fill_opacity(80)
        .show_points(VisibilityMode.NEVER)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
        # A lone line fills a fifth of the panel, not all of it.
        .axis_soft_max(5)
        .max_data_points(100)
    )
    return _complete(panel, title, description, queries, (width, height))


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

    `units` tells a column's unit and decimals.
    """
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
        .no_value("0")
    )
    for column, (unit, decimals) in units.items():
        panel.override_by_name(column, _properties({"unit": unit, "decimals": decimals, "custom.width": _NUMBER_WIDTH}))
    for column, followed in links.items():
        panel.override_by_name(column, _properties({"links": [link.build() for link in followed]}))
    return _complete(panel, title, description, queries, (width, height))


def log_lines(
    title: str, query: Query, description: str, *, oldest_first: bool = False, width: int = 24, height: int = 14
) -> logs.Panel:
    """Log lines with their time and, opened, their fields and links."""
    panel = (
        logs.Panel()
        .show_time(True)
        .show_labels(False)
        .show_common_labels(False)
        .wrap_log_message(True)
        .prettify_log_message(False)
        .enable_log_details(True)
        .sort_order(LogsSortOrder.ASCENDING if oldest_first else LogsSortOrder.DESCENDING)
    )
    return _complete(panel, title, description, [query], (width, height))


def found_traces(title: str, query: Query, description: str, *, width: int, height: int = 8) -> table.Panel:
    """Traces that a search has found; Grafana links each to itself."""
    return _complete(table.Panel().show_header(True), title, description, [query], (width, height))


def thresholds(steps: Sequence[tuple[float | None, str]]) -> ThresholdsConfig:
    """Colours by value, each from its number on; the first one has none."""
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(value, color) for value, color in steps])


def without_namespace(panel: Panel) -> Panel:
    """Let legends say `backend` for integr8scode-backend; labels, and so links, keep the whole name."""
    options = {"regex": f"{NAMESPACE}-(.+)", "renamePattern": "$1"}
    panel.with_transformation(DataTransformerConfig(id_val="renameByRegex", options=options))
    return panel


def coloured_levels(panel: timeseries.Panel) -> timeseries.Panel:
    """Give each level its usual colour."""
    for name, colour in LEVEL_COLOURS.items():
        panel.override_by_name(name, [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})])
    return panel


def _over_time(unit: str, links: Sequence[DashboardLink]) -> timeseries.Panel:
    return (
        timeseries.Panel()
        .unit(unit)
        .min(0)
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs([])
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .data_links(list(links))
    )


def _complete(panel: Panel, title: str, description: str, queries: Sequence[Query], size: tuple[int, int]) -> Panel:
    width, height = size
    panel.title(title).description(description).datasource(queries[0].source).span(width).height(height)
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(query.builder.ref_id(letter))
    return panel


def _properties(values: Mapping[str, object]) -> list[DynamicConfigValue]:
    return [DynamicConfigValue(name, value) for name, value in values.items()]


def _unused_values(queries: Sequence[Query], columns: dict[str, str]) -> list[str]:
    values = [f"Value #{letter}" for letter, _ in zip(ascii_uppercase, queries, strict=False)]
    return [value for value in values if value not in columns]

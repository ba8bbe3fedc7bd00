"""Values over time: lines, and stacked bars."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor
from grafana_foundation_sdk.models.common import (
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import FieldColorModeId

from dashboards.panels.appearance import completed, thresholds
from dashboards.sources import Query

# How far an axis reaches at least, by its unit. Nothing but zeros would be drawn against 100 of anything otherwise, and
# a lone line would fill the panel.
_AXIS_REACHES = {"short": 5, "percentunit": 1, "ops": 1, "cps": 1, "s": 0.1, "ms": 100}


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
    return completed(panel, title, description, queries, (width, height))


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
        .draw_style(GraphDrawStyle.BARS)
        .line_width(0)
        .fill_opacity(80)
        .show_points(VisibilityMode.NEVER)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
        .max_data_points(100)
    )
    return completed(panel, title, description, queries, (width, height))


def _over_time(unit: str, links: Sequence[DashboardLink]) -> timeseries.Panel:
    return (
        timeseries.Panel()
        .unit(unit)
        .min(0)
        .axis_soft_max(_AXIS_REACHES[unit])
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

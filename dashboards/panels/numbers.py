"""Numbers: one whose colour says whether it is a good one, and the sum of each series."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common, stat
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, BigValueTextMode
from grafana_foundation_sdk.models.dashboard import FieldColorModeId, ValueMap, ValueMappingResult

from dashboards.panels.appearance import completed, thresholds
from dashboards.sources import Query

# What a number is shown as while its store does not answer, or there is nothing to take it of: neither good nor bad.
_NOT_KNOWN = "-"
_NOT_KNOWN_COLOUR = "text"


def number(
    title: str,
    query: Query,
    description: str,
    *,
    unit: str = "locale",
    steps: Sequence[tuple[float, str]] = ((0, "blue"),),
    decimals: int | None = None,
    words: dict[str, str] | None = None,
    links: Sequence[DashboardLink] = (),
) -> stat.Panel:
    """One number whose colour, from a value on, says whether it is a good one.

    `words` replace values that mean more than a number.
    """
    panel = (
        stat.Panel()
        .unit(unit)
        .no_value(_NOT_KNOWN)
        .thresholds(thresholds(((None, _NOT_KNOWN_COLOUR), *steps)))
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
    return completed(panel, title, description, [query], (4, 4))


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
    return completed(panel, title, description, [query], (width, height))

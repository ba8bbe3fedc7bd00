"""What panels have in common: size and title, names in legends, colours."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import TypeVar

from grafana_foundation_sdk.builders import logs, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)

from app.core.service_names import NAMESPACE
from dashboards.readable import LONGEST_NAME
from dashboards.sources import Query

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

STATE_COLOURS = {
    "queued": "blue",
    "succeeded": "green",
    "failed": "yellow",
    "attempt-failed": "orange",
    "dead-lettered": "red",
}


def completed(panel: Panel, title: str, description: str, queries: Sequence[Query], size: tuple[int, int]) -> Panel:
    """Give a panel its texts, its queries, and its width and height."""
    width, height = size
    panel.title(title).description(description).datasource(queries[0].source).span(width).height(height)
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(query.builder.ref_id(letter))
    return panel


def short_names(panel: Panel) -> Panel:
    """Let legends say `backend` for integr8scode-backend, and no name fill the legend.

    Labels, and so links, keep the whole name.
    """
    options = {"regex": f"^(?:{NAMESPACE}[-:])?(.{{1,{LONGEST_NAME}}}).*$", "renamePattern": "$1"}
    panel.with_transformation(DataTransformerConfig(id_val="renameByRegex", options=options))
    return panel


def coloured(panel: timeseries.Panel, colours: Mapping[str, str]) -> timeseries.Panel:
    """Give series the colour that belongs to their name."""
    for name, colour in colours.items():
        panel.override_by_name(name, properties({"color": {"mode": "fixed", "fixedColor": colour}}))
    return panel


def thresholds(steps: Sequence[tuple[float | None, str]]) -> ThresholdsConfig:
    """Colours by value, each from its number on; the first one has none."""
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(value, color) for value, color in steps])


def properties(values: Mapping[str, object]) -> list[DynamicConfigValue]:
    """What an override changes, by Grafana's names."""
    return [DynamicConfigValue(name, value) for name, value in values.items()]

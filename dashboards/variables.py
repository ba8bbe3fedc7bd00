"""What a person can choose at a dashboard's top."""

from grafana_foundation_sdk.builders.dashboard import CustomVariable, QueryVariable, TextBoxVariable
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

from app.core.service_names import ServiceName
from dashboards.sources import LOKI, VICTORIA_METRICS

_ALL = VariableOption(text=["All"], value=["$__all"])


def one_service() -> QueryVariable:
    """`$service`: one of the services that have written lines."""
    backend = VariableOption(text=ServiceName.BACKEND, value=ServiceName.BACKEND)
    return _services().current(backend)


def services() -> QueryVariable:
    """`$service`: some or all of the services that have written lines."""
    return _services().multi(True).include_all(True).all_value(".+").current(_ALL)


def _services() -> QueryVariable:
    return (
        QueryVariable("service")
        .label("Service")
        .datasource(LOKI)
        .query("label_values(service_name)")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def instrumented_services() -> QueryVariable:
    """`$service`: some or all of the services whose OpenTelemetry SDK reports about itself."""
    return (
        QueryVariable("service")
        .label("Service")
        .datasource(VICTORIA_METRICS)
        .query("label_values(otel_sdk_processor_log_queue_capacity, service_name)")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(_ALL)
    )


def level(levels: tuple[str, ...]) -> CustomVariable:
    """`$level`: some or all of Loki's levels."""
    options = [VariableOption(text="All", value="$__all", selected=True)]
    options += [VariableOption(text=name, value=name, selected=False) for name in levels]
    return (
        CustomVariable("level")
        .label("Level")
        .values(",".join(levels))
        .options(options)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(_ALL)
    )


def text(name: str, label: str, description: str) -> TextBoxVariable:
    """A box to type into, empty at first."""
    nothing = VariableOption(text="", value="", selected=True)
    return (
        TextBoxVariable(name)
        .label(label)
        .description(description)
        .default_value("")
        .current(nothing)
        .options([nothing])
    )

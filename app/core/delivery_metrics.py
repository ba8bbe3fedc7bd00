"""How log delivery is doing, under the names that OpenTelemetry's conventions give an SDK's own metrics."""

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Observation, get_meter
from opentelemetry.semconv._incubating.attributes.otel_attributes import OTEL_COMPONENT_NAME, OTEL_COMPONENT_TYPE
from opentelemetry.semconv._incubating.metrics.otel_metrics import (
    OTEL_SDK_EXPORTER_LOG_EXPORTED,
    OTEL_SDK_PROCESSOR_LOG_PROCESSED,
    OTEL_SDK_PROCESSOR_LOG_QUEUE_CAPACITY,
    OTEL_SDK_PROCESSOR_LOG_QUEUE_SIZE,
)
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE

from app.core.delivery import LogDelivery
from app.core.losses import AFTER_SHUTDOWN, QUEUE_FULL

_COMPONENT = {OTEL_COMPONENT_TYPE: "batching_log_processor", OTEL_COMPONENT_NAME: "batching_log_processor/0"}
# Lost before any attempt to send them; the other reasons are the exporter's.
_LOST_IN_PROCESSOR = (QUEUE_FULL, AFTER_SHUTDOWN)

_Callback = Callable[[CallbackOptions], Iterable[Observation]]


def observe(delivery: LogDelivery) -> None:
    """Register the instruments; they are read when metrics are collected, and cost nothing in between."""
    meter = get_meter(__name__)
    meter.create_observable_counter(
        OTEL_SDK_PROCESSOR_LOG_PROCESSED, [_processed(delivery)], "{log_record}", "Log records queued for export"
    )
    meter.create_observable_counter(
        OTEL_SDK_EXPORTER_LOG_EXPORTED, [_exported(delivery)], "{log_record}", "Log records whose export has ended"
    )
    meter.create_observable_up_down_counter(
        OTEL_SDK_PROCESSOR_LOG_QUEUE_SIZE,
        [lambda _: [Observation(delivery.pending, _COMPONENT)]],
        "{log_record}",
        "Log records waiting for export",
    )
    meter.create_observable_up_down_counter(
        OTEL_SDK_PROCESSOR_LOG_QUEUE_CAPACITY,
        [lambda _: [Observation(delivery.queue.limits.records, _COMPONENT)]],
        "{log_record}",
        "Log records that may wait",
    )


def _processed(delivery: LogDelivery) -> _Callback:
    def read(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(delivery.delivered + _lost_by_exporter(delivery), _COMPONENT)
        for reason in _LOST_IN_PROCESSOR:
            yield Observation(delivery.losses.total[reason], {**_COMPONENT, ERROR_TYPE: reason})

    return read


def _exported(delivery: LogDelivery) -> _Callback:
    def read(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(delivery.delivered, _COMPONENT)
        for reason in delivery.losses.total.keys() - set(_LOST_IN_PROCESSOR):
            yield Observation(delivery.losses.total[reason], {**_COMPONENT, ERROR_TYPE: reason})

    return read


def _lost_by_exporter(delivery: LogDelivery) -> int:
    return sum(lost for reason, lost in delivery.losses.total.items() if reason not in _LOST_IN_PROCESSOR)

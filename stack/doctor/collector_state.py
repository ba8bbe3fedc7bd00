"""The Collector: how full its queues are, and what it could not take or pass on."""

from collections.abc import Iterator

from stack.docker.endpoints import endpoints
from stack.doctor.finding import Finding
from stack.stores.exposed_metrics import ExposedMetrics

# Above this share a person should look before the queue is full.
QUEUE_SHARE = 0.8
QUEUE_CAPACITY = "otelcol_exporter_queue_capacity"


def collector() -> Iterator[Finding]:
    """Findings from what the Collector says of itself.

    Raises:
        requests.RequestException: it does not answer.

    """
    metrics = ExposedMetrics.of(endpoints().otel_collector_metrics)
    yield from of_queues(metrics)
    yield from of_refusals(metrics)


def of_queues(metrics: ExposedMetrics) -> Iterator[Finding]:
    """How full each exporter's queue is."""
    exporters = {sample.labels["exporter"] for sample in metrics.samples if sample.name == QUEUE_CAPACITY}
    for exporter in sorted(exporters):
        size = metrics.total("otelcol_exporter_queue_size", exporter=exporter)
        capacity = metrics.total(QUEUE_CAPACITY, exporter=exporter)
        share = size / capacity if capacity else 0.0
        remedy = (
            "" if share < QUEUE_SHARE else f"What it feeds is down or too slow: look at {exporter.rsplit('/', 1)[-1]}."
        )
        yield Finding(f"queue of {exporter}", f"{share:.0%} full", remedy)


def of_refusals(metrics: ExposedMetrics) -> Iterator[Finding]:
    """What the Collector could not take or pass on since its start."""
    for name, meaning in {
        "otelcol_receiver_refused": "refused to senders, which retry",
        "otelcol_exporter_enqueue_failed": "did not fit into a queue",
        "otelcol_exporter_send_failed": "given up by an exporter",
    }.items():
        lost = metrics.total(name)
        remedy = (
            "" if not lost else "`make logs SERVICE=otel-collector` says why; docs/reliability.md, what is kept where."
        )
        yield Finding("records", f"{lost:.0f} {meaning}", remedy)

"""The application's own metrics. Every attribute has a small, fixed set of values: no id ever becomes one."""

from opentelemetry import metrics

_METER = metrics.get_meter("integr8scode")

executions = _METER.create_counter(
    "integr8scode.executions", unit="{execution}", description="Executions that reached a state."
)
execution_duration = _METER.create_histogram(
    "integr8scode.execution.duration",
    unit="s",
    description="From the request to the final state.",
    # The default boundaries are made for milliseconds; an undisturbed execution takes half a second.
    explicit_bucket_boundaries_advisory=[0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
)
retries = _METER.create_counter("integr8scode.retries", unit="{attempt}", description="Attempts after the first one.")
dead_letters = _METER.create_counter(
    "integr8scode.dead_letters", unit="{execution}", description="Executions given up and put aside."
)
queue_depth = _METER.create_gauge(
    "integr8scode.queue.depth", unit="{event}", description="Events of a stream not yet handled by its worker."
)

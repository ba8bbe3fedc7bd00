"""The Collector's own counters: what it has taken, and what it has passed on."""

import math
import time

import requests

from stack.stores.exposed_metrics import ExposedMetrics

_SENT = "otelcol_exporter_sent_log_records"
_GIVEN_UP = "otelcol_exporter_send_failed_log_records"
_ACCEPTED = "otelcol_receiver_accepted_log_records"
# The longest that a batch processor here holds a record (specification), with room.
SETTLED_SECONDS = 15.0
GIVE_UP_SECONDS = 600.0


def sent_lines(metrics_url: str) -> float:
    """Lines that the exporter's receiver has acknowledged since the Collector started; 0 while it is down."""
    return _metrics(metrics_url).total(_SENT)


def wait_until_drained(metrics_url: str) -> float:
    """Return once every line taken is passed on or given up; the moment at which the last one was (monotonic).

    A Collector that died meanwhile has forgotten what it took: nothing passed on for 15 s counts as the end, too.

    Raises:
        TimeoutError: it is still passing on after ten minutes.

    """
    began = changed = time.monotonic()
    latest = -1.0
    while time.monotonic() - began < GIVE_UP_SECONDS:
        metrics = _metrics(metrics_url)
        done = metrics.total(_SENT) + metrics.total(_GIVEN_UP)
        if done != latest:
            latest, changed = done, time.monotonic()
        # One that has just started may still pass on what its queue held before.
        if latest >= (metrics.total(_ACCEPTED) or math.inf):
            return changed
        if time.monotonic() - changed > SETTLED_SECONDS:
            return changed
        time.sleep(0.25)
    raise TimeoutError(f"the Collector was still sending after {GIVE_UP_SECONDS:g} s")


def _metrics(metrics_url: str) -> ExposedMetrics:
    try:
        return ExposedMetrics.of(metrics_url)
    except requests.RequestException:
        return ExposedMetrics([])

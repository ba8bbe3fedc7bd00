"""The Collector's own counters: what it has taken, and what it has passed on."""

import re
import time

import requests

_COUNTER = re.compile(r"^(otelcol_\w+_log_records)(?:_total)?(?:\{.*\})? (\S+)$", re.MULTILINE)
# The longest that a batch processor here holds a record (specification), with room.
SETTLED_SECONDS = 15.0
GIVE_UP_SECONDS = 600.0


def sent_lines(metrics_url: str) -> float:
    """Lines that the exporter's receiver has acknowledged since the Collector started; 0 while it is down."""
    return _counters(metrics_url).get("otelcol_exporter_sent_log_records", 0.0)


def wait_until_drained(metrics_url: str) -> float:
    """Return once every line taken is passed on or given up; the moment at which the last one was (monotonic).

    A Collector that died meanwhile has forgotten what it took: nothing passed on for 15 s counts as the end, too.

    Raises:
        TimeoutError: it is still passing on after ten minutes.

    """
    began = changed = time.monotonic()
    latest = -1.0
    while time.monotonic() - began < GIVE_UP_SECONDS:
        counters = _counters(metrics_url)
        done = counters.get("otelcol_exporter_sent_log_records", 0.0)
        done += counters.get("otelcol_exporter_send_failed_log_records", 0.0)
        if done != latest:
            latest, changed = done, time.monotonic()
        if latest >= counters.get("otelcol_receiver_accepted_log_records", float("inf")):
            return changed
        if time.monotonic() - changed > SETTLED_SECONDS:
            return changed
        time.sleep(0.25)
    raise TimeoutError(f"the Collector was still sending after {GIVE_UP_SECONDS:g} s")


def _counters(metrics_url: str) -> dict[str, float]:
    try:
        text = requests.get(metrics_url, timeout=5).text
    except requests.RequestException:
        return {}
    totals: dict[str, float] = {}
    for name, value in _COUNTER.findall(text):
        totals[name] = totals.get(name, 0.0) + float(value)
    return totals

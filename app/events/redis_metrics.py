"""Redis's own metrics, under the names that OpenTelemetry's Redis receiver gives them.

One process reports for all (the backend does): Redis has no metrics endpoint that VictoriaMetrics could scrape, and
an exporter beside it would be one more container for a dozen numbers that any client can ask for.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from opentelemetry.metrics import CallbackOptions, Observation, get_meter
from redis import Redis
from redis.exceptions import RedisError

from app.core.settings import Settings

# Metrics are collected in a thread of their own; a Redis that hangs delays the others' export by this.
_TIMEOUT_SECONDS = 2.0
# All instruments are read within milliseconds of each other, and share one answer.
_SAME_COLLECTION_SECONDS = 1.0


class _Metric(NamedTuple):
    name: str
    unit: str
    field: str  # of Redis's INFO
    description: str


_GAUGES = (
    _Metric("redis.uptime", "s", "uptime_in_seconds", "Time since Redis started."),
    _Metric("redis.clients.connected", "{client}", "connected_clients", "Open connections."),
    _Metric("redis.clients.blocked", "{client}", "blocked_clients", "Connections that wait for an event."),
    _Metric("redis.memory.used", "By", "used_memory", "Memory that data and buffers take."),
    _Metric("redis.memory.rss", "By", "used_memory_rss", "Memory as the kernel counts it."),
    _Metric("redis.maxmemory", "By", "maxmemory", "Memory above which Redis evicts; 0 is no limit."),
)
_COUNTERS = (
    _Metric("redis.commands.processed", "{command}", "total_commands_processed", "Commands since the start."),
    _Metric("redis.connections.rejected", "{connection}", "rejected_connections", "Refused for maxclients."),
    _Metric("redis.keys.evicted", "{key}", "evicted_keys", "Removed because memory was full."),
    _Metric("redis.keys.expired", "{key}", "expired_keys", "Removed because their time was over."),
)


def observe_redis(settings: Settings) -> None:
    """Register the instruments; Redis is asked once each time metrics are collected, and may be away."""
    redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=_TIMEOUT_SECONDS, socket_timeout=_TIMEOUT_SECONDS)
    info = _Info(redis.info)
    meter = get_meter(__name__)
    meter.create_observable_gauge("redis.up", [info.is_up], "", "1 if Redis answers, else 0.")
    for metric in _GAUGES:
        meter.create_observable_gauge(metric.name, [info.reader(metric.field)], metric.unit, metric.description)
    for metric in _COUNTERS:
        meter.create_observable_counter(metric.name, [info.reader(metric.field)], metric.unit, metric.description)


class _Info:
    """Redis's INFO, asked once a collection; empty while Redis does not answer."""

    def __init__(self, ask: Callable[[], Mapping[str, Any]]) -> None:
        self._ask = ask
        self._answer: Mapping[str, Any] = {}
        self._asked_at = float("-inf")

    def is_up(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(int(bool(self._fields())))

    def reader(self, field: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        """A callback for one field, which yields nothing while Redis is away: the series ends instead of lying."""

        def read(_: CallbackOptions) -> Iterable[Observation]:
            fields = self._fields()
            if field in fields:
                yield Observation(fields[field])

        return read

    def _fields(self) -> Mapping[str, Any]:
        if time.monotonic() - self._asked_at > _SAME_COLLECTION_SECONDS:
            try:
                self._answer = self._ask()
            except RedisError:
                self._answer = {}
            self._asked_at = time.monotonic()
        return self._answer

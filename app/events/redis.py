"""Connections to Redis: a client for the state, a FastStream broker for the events."""

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from faststream.redis import RedisBroker
from faststream.redis.exceptions import StreamGroupNotFoundError
from faststream.redis.opentelemetry import RedisTelemetryMiddleware
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from structlog.stdlib import BoundLogger

from app.core.settings import Settings

# A Redis in the same network answers within milliseconds; blocking reads wait 2 s for events.
_CONNECT_TIMEOUT_SECONDS = 2
_ANSWER_TIMEOUT_SECONDS = 8


def connect_redis(settings: Settings) -> Redis:
    """Create a client; it connects with its first command and again after a loss."""
    return Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        socket_timeout=_ANSWER_TIMEOUT_SECONDS,
        # One more try takes a new connection, where a restarted Redis has closed the pooled one.
        retry=Retry(NoBackoff(), 1),
    )


def create_broker(settings: Settings, logger: BoundLogger) -> RedisBroker:
    """Create a broker that carries the trace context with each event; it connects when it is started."""
    return RedisBroker(
        settings.REDIS_URL,
        socket_connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        socket_timeout=_ANSWER_TIMEOUT_SECONDS,
        middlewares=[RedisTelemetryMiddleware()],
        logger=_BrokerLog(logger),
        log_level=logging.DEBUG,
        # Leaves most of the container's grace period (20 s) for the last export. What is cut off here stays pending
        # and is taken up again.
        graceful_timeout=5.0,
    )


def redis_address(settings: Settings) -> str:
    """Return host and port of REDIS_URL, without the user and the password it may hold."""
    parts = urlsplit(settings.REDIS_URL)
    return f"{parts.hostname}:{parts.port or 6379}"


class _BrokerLog:
    """FastStream's log lines as this application's own: fields instead of prose, one line for a lost Redis."""

    def __init__(self, logger: BoundLogger) -> None:
        self._logger = logger

    def log(
        self, level: int, msg: object, /, *, exc_info: object = None, extra: Mapping[str, object] | None = None
    ) -> None:
        fields = dict(extra or {})
        if isinstance(exc_info, RedisError):
            self._logger.warning("Redis command failed; trying again", error=str(exc_info), **fields)
        elif isinstance(exc_info, StreamGroupNotFoundError):
            self._logger.debug("Subscriber stopped", reason=str(exc_info), **fields)
        elif str(msg).startswith("callback for "):
            self._logger.debug("Subscriber task ended", task=msg, **fields)
        else:
            self._logger.log(level, str(msg), exc_info=exc_info, **fields)

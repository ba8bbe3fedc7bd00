"""What all workers share: subscribe, handle each event at least once, survive Redis, end cleanly."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faststream import AckPolicy
from faststream.exceptions import NackMessage
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.annotations import RedisStreamMessage
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from app.core.settings import Settings
from app.core.shutdown import flush_on_exit
from app.events import instruments
from app.events.execution import Event, StepRefusedError
from app.events.redis import connect_redis, create_broker, redis_address
from app.events.store import ExecutionNotFoundError, ExecutionStore
from app.events.streams import READER, Stream

# Most of a handler's time is waiting (a pod, a backoff), so one process handles many events at a time.
_CONCURRENT_EVENTS = 32
_READ_BLOCK_MILLISECONDS = 2_000
_CLAIM_POLL_MILLISECONDS = 2_000
# An event that failed this often fails by itself; handing it on for ever would help nobody.
_MAX_DELIVERIES = 5
_RECONNECT_SECONDS = 2.0
_CHECK_SECONDS = 1.0
_HEARTBEAT_SECONDS = 10.0
# Half of the SDK's default export interval is often enough to see a queue grow.
_QUEUE_SAMPLE_SECONDS = 30.0

Handler = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True)
class Context:
    """What a worker's handler works with."""

    settings: Settings
    logger: BoundLogger
    store: ExecutionStore


def serve(
    stream: Stream, create_handler: Callable[[Context], Handler], settings: Settings, logger: BoundLogger
) -> None:
    """Handle the events of `stream` until SIGTERM or SIGINT; returns after the last one is handled."""
    flush_on_exit()
    asyncio.run(_Worker(stream, create_handler, settings, logger).run())


class _Worker:
    def __init__(
        self,
        stream: Stream,
        create_handler: Callable[[Context], Handler],
        settings: Settings,
        logger: BoundLogger,
    ) -> None:
        self._stream = stream
        self._group = READER[stream].compose_service
        self._consumer = socket.gethostname()
        self._create_handler = create_handler
        self._settings = settings
        self._logger = logger
        self._redis = connect_redis(settings)
        self._stopping = asyncio.Event()
        self._redis_was_lost = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        background = [
            loop.create_task(self._every(_QUEUE_SAMPLE_SECONDS, self._sample_queue)),
            loop.create_task(self._every(_HEARTBEAT_SECONDS, self._beat)),
        ]
        while not self._stopping.is_set():
            await self._serve_until_lost()
        for task in background:
            task.cancel()
        await self._redis.aclose()
        self._logger.info("Worker stopped", stream=self._stream)

    async def _serve_until_lost(self) -> None:
        self._redis_was_lost.clear()
        broker = create_broker(self._settings, self._logger)
        self._subscribe(broker)
        try:
            await self._create_group()
            await self._free_own_leftovers()
            await broker.start()
            self._logger.info("Worker is ready", stream=self._stream, redis=redis_address(self._settings))
            await self._until_a_reason_to_subscribe_again(broker)
        except (RedisError, TimeoutError) as error:
            self._logger.warning(
                "Redis does not answer; trying again", redis=redis_address(self._settings), error=str(error)
            )
            await self._pause(_RECONNECT_SECONDS)
        finally:
            await broker.stop()

    async def _until_a_reason_to_subscribe_again(self, broker: RedisBroker) -> None:
        while not self._stopping.is_set():
            if not all(subscriber.running for subscriber in broker.subscribers):
                # FastStream stops a subscriber for good when its group is gone: Redis has lost its data.
                self._logger.warning("Consumer group was lost; subscribing again", stream=self._stream)
                return
            if self._redis_was_lost.is_set():
                # Subscribing again frees the events that failed, instead of leaving them for the idle time.
                return
            await self._pause(_CHECK_SECONDS)

    def _subscribe(self, broker: RedisBroker) -> None:
        store = ExecutionStore(self._redis, broker, self._settings)
        handle = self._create_handler(Context(self._settings, self._logger, store))

        async def receive(body: object, message: RedisStreamMessage) -> None:
            await self._receive(body, message, handle)

        fresh = StreamSub(
            self._stream,
            group=self._group,
            consumer=self._consumer,
            polling_interval=_READ_BLOCK_MILLISECONDS,
            # Not the whole backlog: what waits in one process can't be taken by another.
            max_records=_CONCURRENT_EVENTS,
        )
        abandoned = StreamSub(
            self._stream,
            group=self._group,
            consumer=self._consumer,
            polling_interval=_CLAIM_POLL_MILLISECONDS,
            min_idle_time=self._claim_idle_milliseconds,
        )
        for source in (fresh, abandoned):
            subscriber = broker.subscriber(
                stream=source,
                max_workers=_CONCURRENT_EVENTS,
                # An event that could not be handled stays pending, and is claimed later.
                ack_policy=AckPolicy.NACK_ON_ERROR,
            )
            subscriber(receive)

    async def _receive(self, body: object, message: RedisStreamMessage, handle: Handler) -> None:
        try:
            event = Event.model_validate(body)
        except ValidationError as error:
            self._logger.error(
                "Event is unreadable; dropped",
                stream=self._stream,
                errors=error.errors(include_input=False, include_url=False),
            )
            return
        with bound_contextvars(execution_id=event.execution_id, attempt=event.attempt):
            try:
                await handle(event)
            except StepRefusedError as refusal:
                self._logger.info("Event was handled before; ignored", kind=event.kind, state=refusal.execution.state)
            except ExecutionNotFoundError:
                self._logger.warning("Execution has expired; event ignored", kind=event.kind)
            except RedisError as error:
                self._redis_was_lost.set()
                self._logger.warning("Redis was lost; event will be handled again", error=str(error))
                raise NackMessage from error
            except Exception as error:
                if await message.get_delivery_count() >= _MAX_DELIVERIES:
                    self._logger.error("Event fails each time; dropped", kind=event.kind, exc_info=True)
                    return
                self._logger.error("Event failed; will be handled again", kind=event.kind, exc_info=True)
                raise NackMessage from error

    async def _create_group(self) -> None:
        try:
            # From the stream's beginning: events may have been sent before this worker first started.
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _free_own_leftovers(self) -> None:
        """Make what this consumer had not finished before its restart claimable now, not after the idle time."""
        pending = await self._redis.xpending_range(
            self._stream, self._group, min="-", max="+", count=1_000, consumername=self._consumer
        )
        if not pending:
            return
        await self._redis.xclaim(
            self._stream,
            self._group,
            self._consumer,
            min_idle_time=0,
            message_ids=[entry["message_id"] for entry in pending],
            idle=self._claim_idle_milliseconds,
            justid=True,
        )
        self._logger.warning("Taking up events of an earlier run", stream=self._stream, events=len(pending))

    @property
    def _claim_idle_milliseconds(self) -> int:
        return int(self._settings.CLAIM_IDLE_SECONDS * 1_000)

    async def _sample_queue(self) -> None:
        with suppress(RedisError):
            depth = await _queue_depth(self._redis, self._stream, self._group)
            instruments.queue_depth.set(depth, {"stream": self._stream.value})

    async def _beat(self) -> None:
        file = self._settings.HEARTBEAT_FILE
        if file is None:
            return
        try:
            await asyncio.to_thread(Path.touch, file)
        except OSError as error:
            self._logger.error("Heartbeat can't be written", file=str(file), error=str(error))

    async def _every(self, seconds: float, action: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            await action()
            await asyncio.sleep(seconds)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


async def _queue_depth(redis: Redis, stream: Stream, group: str) -> int:
    """Events sent but not read, plus those read but not acknowledged."""
    groups = await redis.xinfo_groups(stream)
    return sum((each.get("lag") or 0) + each["pending"] for each in groups if each["name"] == group)

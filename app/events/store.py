"""Executions in Redis. A change of state and the event it sends are one transaction: both happen or neither."""

import time
from collections.abc import Callable

from faststream.redis import RedisBroker
from opentelemetry import trace
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import WatchError

from app.core.service_names import NAMESPACE
from app.core.settings import Settings
from app.events import instruments
from app.events.execution import STEPS, Event, EventKind, Execution, State, advance, begin

# Newest first; a longer list is a case for Loki, which has every one of them.
MAX_DEAD_LETTERS = 1_000
_DEAD_LETTERS = f"{NAMESPACE}:dead-letter-index"


class ExecutionNotFoundError(Exception):
    """Redis has no such execution: it never existed, or it has expired."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(f"no execution {execution_id!r}")
        self.execution_id = execution_id


class ExecutionStore:
    """Reads and moves executions; every method raises `redis.exceptions.RedisError` if Redis is away."""

    def __init__(self, redis: Redis, broker: RedisBroker, settings: Settings) -> None:
        self._redis = redis
        self._broker = broker
        self._settings = settings

    async def create(self, execution: Execution, kind: EventKind) -> Execution:
        """Store a new execution and send its first event."""
        created = begin(execution, kind)
        async with self._redis.pipeline(transaction=True) as pipe:
            await self._write(pipe, created)
        _observe(created)
        return created

    async def get(self, execution_id: str) -> Execution:
        """Return the execution as it stands; raises ExecutionNotFoundError."""
        stored = await self._redis.get(_key(execution_id))
        if stored is None:
            raise ExecutionNotFoundError(execution_id)
        return Execution.model_validate_json(stored)

    async def advance(self, execution_id: str, kind: EventKind, *, attempt: int, **changes: object) -> Execution:
        """Let `kind` happen to the execution and send it on.

        Raises StepRefusedError if it does not apply (again), ExecutionNotFoundError if there is nothing to
        apply it to.
        """
        moved = await self._change(execution_id, lambda execution: advance(execution, kind, attempt=attempt, **changes))
        _observe(moved)
        return moved

    async def dead_letters(self, limit: int) -> list[Execution]:
        """Return the executions that were given up, the newest first."""
        ids = await self._redis.zrevrange(_DEAD_LETTERS, 0, limit - 1)
        if not ids:
            return []
        stored = await self._redis.mget([_key(str(execution_id)) for execution_id in ids])
        return [Execution.model_validate_json(each) for each in stored if each is not None]

    async def _change(self, execution_id: str, change: Callable[[Execution], Execution]) -> Execution:
        key = _key(execution_id)
        while True:
            async with self._redis.pipeline(transaction=True) as pipe:
                await pipe.watch(key)
                stored = await pipe.get(key)
                if stored is None:
                    raise ExecutionNotFoundError(execution_id)
                moved = change(Execution.model_validate_json(stored))
                pipe.multi()  # type: ignore[no-untyped-call]
                try:
                    await self._write(pipe, moved)
                except WatchError:
                    continue  # another process was faster: look again at what it left
                return moved

    async def _write(self, pipe: Pipeline, execution: Execution) -> None:
        settings = self._settings
        pipe.set(_key(execution.execution_id), execution.model_dump_json(), ex=settings.EXECUTION_TTL_SECONDS)
        if execution.state is State.DEAD_LETTERED:
            now = time.time()
            pipe.zadd(_DEAD_LETTERS, {execution.execution_id: now})
            pipe.zremrangebyscore(_DEAD_LETTERS, "-inf", now - settings.EXECUTION_TTL_SECONDS)
            pipe.zremrangebyrank(_DEAD_LETTERS, 0, -MAX_DEAD_LETTERS - 1)
        else:
            pipe.zrem(_DEAD_LETTERS, execution.execution_id)
        await self._send(pipe, execution.events[-1])
        await pipe.execute()

    async def _send(self, pipe: Pipeline, event: Event) -> None:
        stream = STEPS[event.kind].stream
        if stream is None:
            return
        await self._broker.publish(
            event,
            stream=stream,
            maxlen=self._settings.STREAM_MAX_LENGTH,
            correlation_id=event.execution_id,
            pipeline=pipe,
        )


def _key(execution_id: str) -> str:
    return f"{NAMESPACE}:execution:{execution_id}"


def _observe(execution: Execution) -> None:
    """Count what has just happened; a refused step never gets here, so nothing is counted twice."""
    trace.get_current_span().set_attribute("integr8scode.execution.id", execution.execution_id)
    attributes = {"state": execution.state.value, "language": execution.language.value}
    instruments.executions.add(1, attributes)
    match execution.events[-1].kind:
        case EventKind.RETRIED:
            instruments.retries.add(1, {"language": execution.language.value})
        case EventKind.DEAD_LETTERED:
            instruments.dead_letters.add(1, {"language": execution.language.value})
    if execution.state.is_final:
        instruments.execution_duration.record(execution.age_seconds, attributes)

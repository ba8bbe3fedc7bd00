"""Decides what happens next to an execution: a pod, another attempt, or the end of all attempts."""

import asyncio

from app.core.service_names import ServiceName
from app.core.settings import load_settings
from app.core.telemetry import start_telemetry
from app.events.execution import Event, EventKind
from app.events.streams import Stream
from app.events.traces import continued
from app.workers.runtime import Context, Handler, serve

MAX_BACKOFF_SECONDS = 10.0


def backoff_seconds(base: float, failures: int) -> float:
    """Return the wait after so many failures in a row (at least 1): doubled each time, up to ten seconds."""
    return float(min(base * 2 ** (failures - 1), MAX_BACKOFF_SECONDS))


def create_handler(context: Context) -> Handler:
    """Create the handler of new executions and of failed attempts."""
    logger, store, settings = context.logger, context.store, context.settings

    async def schedule(event: Event) -> None:
        await store.advance(event.execution_id, EventKind.SCHEDULED, attempt=event.attempt)
        logger.info("Execution scheduled")

    async def retry_or_give_up(event: Event) -> None:
        execution = await store.get(event.execution_id)
        if event.attempt >= execution.attempts_allowed:
            await store.advance(event.execution_id, EventKind.GIVEN_UP, attempt=event.attempt)
            logger.error("Execution given up", attempts_allowed=execution.attempts_allowed)
            return
        attempts_left = execution.attempts_allowed - event.attempt
        wait = backoff_seconds(settings.RETRY_BACKOFF_SECONDS, settings.MAX_ATTEMPTS - attempts_left)
        logger.warning("Retry planned", wait_seconds=wait, attempts_left=attempts_left)
        await asyncio.sleep(wait)
        # Beside the attempt that failed, not below it: otherwise a trace is three times as deep after three attempts.
        with continued(execution.traceparent, "execution retry"):
            await store.advance(event.execution_id, EventKind.RETRIED, attempt=event.attempt)

    async def handle(event: Event) -> None:
        if event.kind is EventKind.ATTEMPT_FAILED:
            await retry_or_give_up(event)
        else:
            await schedule(event)

    return handle


def main() -> None:
    """Run the worker until it is stopped."""
    settings = load_settings(ServiceName.SAGA_ORCHESTRATOR)
    serve(Stream.EXECUTIONS, create_handler, settings, start_telemetry(settings))


if __name__ == "__main__":
    main()

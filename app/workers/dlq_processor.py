"""Puts aside the executions whose attempts are used up, where a person can list and retry them."""

from app.core.service_names import ServiceName
from app.core.settings import load_settings
from app.core.telemetry import start_telemetry
from app.events.execution import Event, EventKind
from app.events.streams import Stream
from app.workers.runtime import Context, Handler, serve


def create_handler(context: Context) -> Handler:
    """Create the handler of executions that were given up."""
    logger, store = context.logger, context.store

    async def handle(event: Event) -> None:
        execution = await store.advance(event.execution_id, EventKind.DEAD_LETTERED, attempt=event.attempt)
        logger.error(
            "Execution put into the dead letters",
            reason=execution.pod.reason if execution.pod else None,
            duration_seconds=round(execution.age_seconds, 3),
            remedy=f"POST /api/v1/dead-letters/{event.execution_id}/retry",
        )

    return handle


def main() -> None:
    """Run the worker until it is stopped."""
    settings = load_settings(ServiceName.DLQ_PROCESSOR)
    serve(Stream.DEAD_LETTERS, create_handler, settings, start_telemetry(settings))


if __name__ == "__main__":
    main()

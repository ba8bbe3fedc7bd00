"""Replays an execution: reads back its recorded events and sends its request through the workers again."""

from app.core.service_names import ServiceName
from app.core.settings import load_settings
from app.core.telemetry import start_telemetry
from app.events.execution import Event, EventKind, Execution
from app.events.streams import Stream
from app.events.traces import link_to, trace_id_of
from app.workers.runtime import Context, Handler, serve


def create_handler(context: Context) -> Handler:
    """Create the handler of requested replays."""
    logger, store = context.logger, context.store

    def read_back(original: Execution) -> None:
        for past in original.events:
            offset = (past.occurred_at - original.created_at).total_seconds()
            logger.info("Recorded event", kind=past.kind, recorded_attempt=past.attempt, at_seconds=round(offset, 3))

    async def handle(event: Event) -> None:
        replay = await store.get(event.execution_id)
        original = await store.get(replay.replay_of or "")
        link_to(original.traceparent)
        read_back(original)
        await store.advance(event.execution_id, EventKind.REPLAY_STARTED, attempt=event.attempt)
        logger.info(
            "Replay started",
            replay_of=original.execution_id,
            original_trace_id=trace_id_of(original.traceparent),
            original_state=original.state,
        )

    return handle


def main() -> None:
    """Run the worker until it is stopped."""
    settings = load_settings(ServiceName.EVENT_REPLAY)
    serve(Stream.REPLAYS, create_handler, settings, start_telemetry(settings))


if __name__ == "__main__":
    main()

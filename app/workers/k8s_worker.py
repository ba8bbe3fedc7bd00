"""Starts the pod of an execution. The cluster is simulated: nothing of the script is run."""

import asyncio
from datetime import UTC, datetime

from app.core.service_names import ServiceName
from app.core.settings import load_settings
from app.core.telemetry import start_telemetry
from app.events.execution import Event, EventKind, Pod
from app.events.streams import Stream
from app.workers.runtime import Context, Handler, serve


def create_handler(context: Context) -> Handler:
    """Create the handler of scheduled executions."""
    logger, store, settings = context.logger, context.store, context.settings

    async def handle(event: Event) -> None:
        logger.info("Pod requested")
        await asyncio.sleep(settings.POD_START_SECONDS)
        await store.advance(
            event.execution_id,
            EventKind.POD_STARTED,
            attempt=event.attempt,
            pod=Pod(started_at=datetime.now(UTC)),
        )
        logger.info("Pod started", pod=f"execution-{event.execution_id}-{event.attempt}")

    return handle


def main() -> None:
    """Run the worker until it is stopped."""
    settings = load_settings(ServiceName.K8S_WORKER)
    serve(Stream.POD_REQUESTS, create_handler, settings, start_telemetry(settings))


if __name__ == "__main__":
    main()

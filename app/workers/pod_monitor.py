"""Watches a pod until it ends, and reports how."""

import asyncio
from datetime import UTC, datetime, timedelta

from app.core.service_names import ServiceName
from app.core.settings import load_settings
from app.core.telemetry import start_telemetry
from app.events.execution import Event, EventKind, StepRefusedError
from app.events.pods import plan_pod
from app.events.streams import Stream
from app.workers.runtime import Context, Handler, serve


def create_handler(context: Context) -> Handler:
    """Create the handler of started pods."""
    logger, store, settings = context.logger, context.store, context.settings

    async def handle(event: Event) -> None:
        execution = await store.get(event.execution_id)
        if execution.pod is None:
            raise StepRefusedError(EventKind.POD_FINISHED, execution)
        plan = plan_pod(
            execution.simulate,
            attempt=event.attempt,
            timeout_seconds=execution.timeout_seconds,
            run_seconds=settings.POD_RUN_SECONDS,
        )
        # Counted from the pod's own start: a monitor that was away does not let it run longer.
        ends_at = execution.pod.started_at + timedelta(seconds=plan.run_seconds)
        await asyncio.sleep((ends_at - datetime.now(UTC)).total_seconds())
        finished = execution.pod.model_copy(
            update={"finished_at": ends_at, "exit_code": plan.exit_code, "reason": plan.reason}
        )
        await store.advance(event.execution_id, EventKind.POD_FINISHED, attempt=event.attempt, pod=finished)
        logger.info("Pod finished", exit_code=plan.exit_code, reason=plan.reason, run_seconds=plan.run_seconds)

    return handle


def main() -> None:
    """Run the worker until it is stopped."""
    settings = load_settings(ServiceName.POD_MONITOR)
    serve(Stream.PODS, create_handler, settings, start_telemetry(settings))


if __name__ == "__main__":
    main()

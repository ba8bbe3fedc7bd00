"""Turns a pod's end into the execution's result, or into a failed attempt."""

from app.core.service_names import ServiceName
from app.core.settings import load_settings
from app.core.telemetry import start_telemetry
from app.events.execution import Event, EventKind, Pod, StepRefusedError
from app.events.streams import Stream
from app.workers.runtime import Context, Handler, serve


def judge(pod: Pod) -> EventKind:
    """Decide what a finished pod means for its execution."""
    if pod.exit_code == 0:
        return EventKind.SUCCEEDED
    if pod.reason is not None and pod.reason.is_worth_a_retry:
        return EventKind.ATTEMPT_FAILED
    return EventKind.FAILED


def create_handler(context: Context) -> Handler:
    """Create the handler of finished pods."""
    logger, store = context.logger, context.store

    async def handle(event: Event) -> None:
        execution = await store.get(event.execution_id)
        pod = execution.pod
        if pod is None:
            raise StepRefusedError(EventKind.SUCCEEDED, execution)
        kind = judge(pod)
        execution = await store.advance(event.execution_id, kind, attempt=event.attempt)
        end = {"exit_code": pod.exit_code, "reason": pod.reason}
        match kind:
            case EventKind.SUCCEEDED:
                logger.info("Execution succeeded", **end, duration_seconds=round(execution.age_seconds, 3))
            case EventKind.FAILED:
                logger.error("Execution failed", **end, duration_seconds=round(execution.age_seconds, 3))
            case _:
                logger.warning("Attempt failed", **end)

    return handle


def main() -> None:
    """Run the worker until it is stopped."""
    settings = load_settings(ServiceName.RESULT_PROCESSOR)
    serve(Stream.POD_RESULTS, create_handler, settings, start_telemetry(settings))


if __name__ == "__main__":
    main()

"""The Redis streams, one for each worker that reads it."""

from enum import StrEnum

from app.core.service_names import NAMESPACE, ServiceName


class Stream(StrEnum):
    """The key of a stream in Redis."""

    EXECUTIONS = f"{NAMESPACE}:executions"
    POD_REQUESTS = f"{NAMESPACE}:pod-requests"
    PODS = f"{NAMESPACE}:pods"
    POD_RESULTS = f"{NAMESPACE}:pod-results"
    DEAD_LETTERS = f"{NAMESPACE}:dead-letters"
    REPLAYS = f"{NAMESPACE}:replays"


READER: dict[Stream, ServiceName] = {
    Stream.EXECUTIONS: ServiceName.SAGA_ORCHESTRATOR,
    Stream.POD_REQUESTS: ServiceName.K8S_WORKER,
    Stream.PODS: ServiceName.POD_MONITOR,
    Stream.POD_RESULTS: ServiceName.RESULT_PROCESSOR,
    Stream.DEAD_LETTERS: ServiceName.DLQ_PROCESSOR,
    Stream.REPLAYS: ServiceName.EVENT_REPLAY,
}

"""The seven processes of the application, as they appear in `service.name`."""

from enum import StrEnum

NAMESPACE = "integr8scode"


class ServiceName(StrEnum):
    """`service.name` of each process: the namespace, a hyphen, and its Compose service."""

    BACKEND = f"{NAMESPACE}-backend"
    SAGA_ORCHESTRATOR = f"{NAMESPACE}-saga-orchestrator"
    K8S_WORKER = f"{NAMESPACE}-k8s-worker"
    POD_MONITOR = f"{NAMESPACE}-pod-monitor"
    RESULT_PROCESSOR = f"{NAMESPACE}-result-processor"
    EVENT_REPLAY = f"{NAMESPACE}-event-replay"
    DLQ_PROCESSOR = f"{NAMESPACE}-dlq-processor"

    @property
    def compose_service(self) -> str:
        """The name without the namespace, as docker-compose.yml spells it."""
        return self.removeprefix(f"{NAMESPACE}-")

"""The application's API, as far as tests drive it."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.support.eventually import eventually

FINAL_STATES = {"succeeded", "failed", "dead-lettered"}
# Every process that an execution may pass.
APPLICATION = ("backend", "saga-orchestrator", "k8s-worker", "pod-monitor", "result-processor", "redis")


@dataclass(frozen=True)
class Execution:
    """An execution that the application has finished with."""

    execution_id: str
    trace_id: str
    state: str
    attempt: int


@dataclass(frozen=True)
class Backend:
    """A backend at `url`."""

    url: str

    def submit(self, simulate: str, **headers: str) -> str:
        """Submit a script whose simulated pod ends as `simulate` says; returns the execution's id."""
        script = {"script": "print('hello')", "language": "python", "simulate": simulate}
        response = requests.post(f"{self.url}/api/v1/executions", json=script, headers=headers, timeout=10)
        assert response.status_code == 202, response.text
        execution_id: str = response.json()["execution_id"]
        return execution_id

    def run(self, simulate: str) -> Execution:
        """The same, and wait until its state is final."""
        return self._finished(self.submit(simulate), simulate)

    def replay(self, execution: Execution) -> Execution:
        """Replay a finished execution, and wait until the copy is finished too."""
        response = requests.post(f"{self.url}/api/v1/executions/{execution.execution_id}/replay", timeout=10)
        assert response.status_code == 202, response.text
        return self._finished(response.json()["execution_id"], f"replay of {execution}")

    def show(self, execution_id: str) -> dict[str, Any]:
        """The execution as the API shows it."""
        response = requests.get(f"{self.url}/api/v1/executions/{execution_id}", timeout=10)
        assert response.status_code == 200, response.text
        shown: dict[str, Any] = response.json()
        return shown

    def _finished(self, execution_id: str, sent: object) -> Execution:
        shown = eventually(
            lambda: self.show(execution_id),
            lambda answer: answer["state"] in FINAL_STATES,
            sent=sent,
            components=APPLICATION,
            within=60,
        )
        return Execution(execution_id, shown["trace_id"], shown["state"], shown["attempt"])

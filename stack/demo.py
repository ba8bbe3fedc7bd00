"""`make demo`: a bounded stream of requests that shows what the application can do, and how it fails."""

import itertools
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import requests
import typer
from rich.table import Table

from stack.docker.endpoints import endpoints
from stack.failure import StepError
from stack.terminal import console, told_failures

REQUEST_SECONDS = 10.0
# An undisturbed execution ends after half a second; three attempts with their pauses after three.
FINISHED_AFTER_SECONDS = 5.0

app = typer.Typer()


@dataclass
class Demo:
    """One run against the backend at `url`; counts what was sent and what came back."""

    url: str
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    last_trace_id: str | None = None
    last_execution_id: str | None = None
    _accepted: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=100))

    def submit(self, simulate: str) -> None:
        """Submit a script whose simulated pod ends as `simulate` says."""
        response = self._post(
            simulate,
            "/api/v1/executions",
            {"script": "print('hello')", "language": "python", "simulate": simulate, "timeout_seconds": 2},
        )
        if response.status_code == requests.codes.accepted:
            answer = response.json()
            self.last_trace_id, self.last_execution_id = answer["trace_id"], answer["execution_id"]
            self._accepted.append((time.monotonic(), answer["execution_id"]))

    def send_bad_request(self) -> None:
        """Submit what the backend has to refuse."""
        self._post("bad request", "/api/v1/executions", {"script": "", "language": "cobol"})

    def replay(self) -> None:
        """Replay the oldest execution of this run, once it is old enough to be finished."""
        if self._accepted and time.monotonic() - self._accepted[0][0] > FINISHED_AFTER_SECONDS:
            _, execution_id = self._accepted.popleft()
            self._post("replay", f"/api/v1/executions/{execution_id}/replay")

    def retry_dead_letter(self) -> None:
        """Give the newest dead letter another chance, if there is one."""
        listed = requests.get(f"{self.url}/api/v1/dead-letters", params={"limit": 1}, timeout=REQUEST_SECONDS)
        for letter in listed.json().get("dead_letters", []):
            self._post("dead letter retry", letter["retry_url"])

    def _post(self, what: str, path: str, body: dict[str, object] | None = None) -> requests.Response:
        response = requests.post(f"{self.url}{path}", json=body, timeout=REQUEST_SECONDS)
        self.answers[what, response.status_code] += 1
        return response

    def actions(self) -> list[Callable[[], None]]:
        """One round: mostly successes, and each way to fail at least once."""
        return [
            lambda: self.submit("succeed"),
            lambda: self.submit("fail-1-times"),
            lambda: self.submit("succeed"),
            self.send_bad_request,
            lambda: self.submit("succeed"),
            lambda: self.submit("always-fail"),
            lambda: self.submit("succeed"),
            lambda: self.submit("fail"),
            lambda: self.submit("succeed"),
            self.replay,
            lambda: self.submit("fail-2-times"),
            lambda: self.submit("succeed"),
            lambda: self.submit("fail-4-times"),
            lambda: self.submit("succeed"),
            lambda: self.submit("hang"),
            self.retry_dead_letter,
        ]


@app.command("demo", rich_help_panel="Look")
def demo_command(
    rate: Annotated[float, typer.Option(min=0.1, max=50, help="Requests a second.")] = 2.0,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long.")] = 60.0,
    url: Annotated[str, typer.Option(help="The backend; by default this project's own.")] = "",
) -> None:
    """Drive traffic through the application.

    Successes, failures, retries, dead letters and replays.
    """
    with told_failures():
        demo = Demo(url.rstrip("/") or endpoints().backend)
        console.print(f"{rate:g} requests a second to {demo.url} for {seconds:g} s")
        try:
            _drive(demo, rate, seconds)
        except requests.RequestException as error:
            raise StepError(
                "driving traffic", f"the backend at {demo.url} does not answer ({error})", "`make up`, then again."
            ) from error
        _summarise(demo)


def _drive(demo: Demo, rate: float, seconds: float) -> None:
    began = time.monotonic()
    for number, action in enumerate(itertools.cycle(demo.actions())):
        due = number / rate
        if due >= seconds:
            return
        try:
            time.sleep(max(0.0, began + due - time.monotonic()))
        except KeyboardInterrupt:
            return
        action()


def _summarise(demo: Demo) -> None:
    table = Table("sent", "answer", "times", box=None, pad_edge=False)
    for (what, status), times in sorted(demo.answers.items()):
        table.add_row(what, str(status), str(times))
    console.print(table)
    if demo.last_execution_id:
        console.print(
            "\nNext: in Grafana, Explore, Loki, the lines of the last execution:\n"
            f'  {{service_namespace="integr8scode"}} | json | execution_id="{demo.last_execution_id}"\n'
            f"and its trace in Jaeger: {endpoints().jaeger}/trace/{demo.last_trace_id}"
        )

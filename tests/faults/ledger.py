"""Numbered lines and spans, sent as an SDK sends them, and counted back number by number."""

import json
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import requests
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_INFO, LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from stack.docker.endpoints import Endpoints
from stack.stores.loki import MOST_LINES, Loki
from stack.stores.otlp_http import RETRYABLE, post
from tests.support import spans
from tests.support.otlp_values import key_values

SECOND_NS = 10**9
HOUR_NS = 3600 * SECOND_NS
Clock = Callable[[int], int]
"""Number of a line → its timestamp in ns."""


def now(_number: int) -> int:
    """The clock of a sender whose clock is right."""
    return time.time_ns()


class Signal(Protocol):
    """Something that can be numbered, sent and counted."""

    path: str

    def request(self, numbers: range) -> bytes:
        """An export request with one record for each number."""

    def stored(self) -> Counter[int]:
        """Number → how often it is stored."""


def numbers_stored(loki: Loki, logql: str, start_ns: int, end_ns: int) -> Counter[int]:
    """Number → how often it is among the lines that `logql` finds, read page by page."""
    counted: Counter[int] = Counter()
    while True:
        result = loki.query_range(logql, start_ns, end_ns, limit=MOST_LINES, direction="forward")
        page = [(int(at), body) for stream in result for at, body, *_ in stream["values"]]
        last = max((at for at, _ in page), default=0)
        complete = len(page) < MOST_LINES
        # Lines of the page's last moment may go on on the next page, which begins with that moment.
        counted.update(int(json.loads(body)["number"]) for at, body in page if complete or at < last)
        if complete:
            return counted
        start_ns = last


@dataclass
class Lines:
    """Numbered log lines of a service that nobody else uses."""

    loki: Loki
    clock: Clock = now
    service: str = field(default_factory=lambda: f"ledger-{secrets.token_hex(4)}")
    path: str = "/v1/logs"
    # Whatever the sender's clock says, its lines lie in here.
    reach_ns: int = 4 * HOUR_NS

    def request(self, numbers: range) -> bytes:
        """Lines as the application writes them, each with a trace id of its own."""
        records = [self._record(number) for number in numbers]
        resource = Resource(attributes=key_values({"service.name": self.service}))
        logs = ResourceLogs(resource=resource, scope_logs=[ScopeLogs(log_records=records)])
        return ExportLogsServiceRequest(resource_logs=[logs]).SerializeToString()

    def stored(self) -> Counter[int]:
        """Every line, read page by page."""
        return numbers_stored(self.loki, self.selector, *self._window())

    def count(self) -> int:
        """How many lines are stored, doubled ones included."""
        start, end = self._window()
        query = f"sum(count_over_time({self.selector} [{(end - start) // SECOND_NS}s]))"
        result = self.loki.query_range(query, end, end, step="1s")
        return int(float(result[0]["values"][0][1])) if result else 0

    @property
    def selector(self) -> str:
        """What finds these lines and no others."""
        return f'{{service_name="{self.service}"}}'

    def _window(self) -> tuple[int, int]:
        at = time.time_ns()
        return at - self.reach_ns, at + self.reach_ns

    def _record(self, number: int) -> LogRecord:
        trace_id = secrets.token_hex(16)
        body = {"event": "a numbered line", "level": "info", "number": number, "trace_id": trace_id}
        return LogRecord(
            time_unix_nano=self.clock(number),
            severity_number=SEVERITY_NUMBER_INFO,
            severity_text="INFO",
            body=AnyValue(string_value=json.dumps(body, separators=(",", ":"))),
            trace_id=bytes.fromhex(trace_id),
        )


@dataclass
class Spans:
    """Numbered spans of a service that nobody else uses; each request is one trace."""

    jaeger_url: str
    service: str = field(default_factory=lambda: f"ledger-{secrets.token_hex(4)}")
    path: str = "/v1/traces"

    def request(self, numbers: range) -> bytes:
        """Spans whose names are their numbers."""
        trace_id = secrets.token_bytes(16)
        return spans.request(self.service, [spans.span(str(number), trace_id=trace_id) for number in numbers])

    def stored(self) -> Counter[int]:
        """Every span of every trace of the service."""
        parameters: dict[str, str | int] = {"service": self.service, "limit": 100_000, "lookback": "4h"}
        answer = requests.get(f"{self.jaeger_url}/api/traces", params=parameters, timeout=60)
        assert answer.status_code == 200, answer.text
        return Counter(int(span["operationName"]) for trace in answer.json()["data"] for span in trace["spans"])


class Sender:
    """Sends `rate` numbered records a second from `with` until its end, in batches, each until it is accepted.

    A batch that was accepted is never sent again; one that was refused for good is counted as sent all the same, and
    so as lost. What can't be delivered waits here, in order, as in an SDK without a bound on its queue.
    """

    def __init__(self, signal: Signal, otlp_http: str, *, rate: int, batches_per_second: int = 10) -> None:
        self.signal = signal
        self.emitted = 0
        self.delivered = 0
        self.refusals: list[str] = []
        self._url = otlp_http + signal.path
        self.batch = rate // batches_per_second
        self._pause = 1 / batches_per_second
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._emit), threading.Thread(target=self._send)]

    def __enter__(self) -> "Sender":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Emit nothing more, and wait until everything emitted is delivered (two minutes at most)."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _emit(self) -> None:
        while not self._stop.wait(self._pause):
            numbers = range(self.emitted, self.emitted + self.batch)
            self._waiting.append((len(numbers), self.signal.request(numbers)))
            self.emitted = numbers.stop

    def _send(self) -> None:
        give_up_at = float("inf")
        while time.monotonic() < give_up_at:
            if self._stop.is_set():
                give_up_at = min(give_up_at, time.monotonic() + 120)
            if self._waiting and self._done_with(self._waiting[0][1]):
                self.delivered += self._waiting.popleft()[0]
            elif not self._waiting and not self._threads[0].is_alive():
                return
            else:
                time.sleep(0.05)

    def _done_with(self, payload: bytes) -> bool:
        try:
            answer = post(self._url, payload)
        except requests.RequestException:
            return False
        if answer.status_code not in {200, *RETRYABLE}:
            self.refusals.append(f"{answer.status_code}: {answer.text[:300]}")
        return answer.status_code not in RETRYABLE


@dataclass(frozen=True)
class Account:
    """What became of the numbers that were sent."""

    sent: int
    stored: int
    lost: list[int]
    doubled: int

    @classmethod
    def of(cls, sent: int, found: Counter[int]) -> "Account":
        """Compare the numbers 0 to `sent` - 1 with those found."""
        return cls(
            sent=sent,
            stored=len(found),
            lost=sorted(set(range(sent)) - set(found)),
            doubled=sum(found.values()) - len(found),
        )


def lines(at: Endpoints, clock: Clock = now) -> Lines:
    """Lines that are sent to and counted in the stack at `at`."""
    return Lines(Loki(at.loki), clock)

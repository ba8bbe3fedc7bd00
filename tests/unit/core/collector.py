"""A real OTLP gRPC receiver that can be slow, silent, refusing or away: the faults a Collector can't be asked for."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (
    LogsServiceServicer,
    add_LogsServiceServicer_to_server,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

DEADLINE_SECONDS = 20.0


@dataclass(frozen=True)
class Received:
    """One log record with what it was sent under."""

    record: LogRecord
    scope: str
    resource: dict[str, str]

    @property
    def body(self) -> str:
        return self.record.body.string_value

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = orjson.loads(self.body)
        return fields

    @property
    def attributes(self) -> dict[str, str]:
        return {attribute.key: attribute.value.string_value for attribute in self.record.attributes}


class Collector(LogsServiceServicer, TraceServiceServicer, MetricsServiceServicer):
    """Keeps what it receives; a fault is set with its attributes and holds until it is reset."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        # Requests that came, whether or not they were answered.
        self.asked = 0
        self.batches: list[int] = []
        self.spans: list[Span] = []
        self.metrics: dict[str, float] = {}
        self.metadata: dict[str, str] = {}
        # Answered instead of success, until set to None.
        self.refuse_with: grpc.StatusCode | None = None
        # Records of a request that the answer calls rejected.
        self.rejected_of_each_request = 0
        self.seconds_before_answer = 0.0
        self.max_message_bytes = 4 * 1024 * 1024
        self.port = 0
        self._server: grpc.Server | None = None
        self._silent = threading.Event()
        self._changed = threading.Condition()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; after a `stop` on the same port again."""
        self._server = grpc.server(
            ThreadPoolExecutor(max_workers=8),
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", self.max_message_bytes)],
        )
        add_LogsServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        add_TraceServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        add_MetricsServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def stop(self) -> None:
        self._silent.clear()
        if self._server:
            self._server.stop(grace=None).wait()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Accept every request and answer none: a black hole."""
        self._silent.set()
        try:
            yield
        finally:
            self._silent.clear()

    def Export(  # noqa: N802 (gRPC's name)
        self,
        request: ExportLogsServiceRequest | ExportTraceServiceRequest | ExportMetricsServiceRequest,
        context: grpc.ServicerContext,
    ) -> ExportLogsServiceResponse | ExportTraceServiceResponse | ExportMetricsServiceResponse:
        self.metadata = {key: str(value) for key, value in context.invocation_metadata()}
        with self._changed:
            self.asked += 1
            self._changed.notify_all()
        while self._silent.is_set() and context.is_active():
            time.sleep(0.01)
        time.sleep(self.seconds_before_answer)
        if self.refuse_with:
            context.abort(self.refuse_with, "told to refuse")
        if isinstance(request, ExportLogsServiceRequest):
            return self._keep_logs(request)
        if isinstance(request, ExportTraceServiceRequest):
            self.spans += [span for each in request.resource_spans for s in each.scope_spans for span in s.spans]
            return ExportTraceServiceResponse()
        self._keep_metrics(request)
        return ExportMetricsServiceResponse()

    def _keep_logs(self, request: ExportLogsServiceRequest) -> ExportLogsServiceResponse:
        received = [
            Received(record, scope.scope.name, {a.key: a.value.string_value for a in logs.resource.attributes})
            for logs in request.resource_logs
            for scope in logs.scope_logs
            for record in scope.log_records
        ]
        with self._changed:
            self.batches.append(request.ByteSize())
            self.received += received
            self._changed.notify_all()
        return ExportLogsServiceResponse(
            partial_success=ExportLogsPartialSuccess(rejected_log_records=self.rejected_of_each_request)
        )

    def _keep_metrics(self, request: ExportMetricsServiceRequest) -> None:
        for each in request.resource_metrics:
            for metric in (metric for scope in each.scope_metrics for metric in scope.metrics):
                for point in (*metric.sum.data_points, *metric.gauge.data_points):
                    error = [a.value.string_value for a in point.attributes if a.key == "error.type"]
                    self.metrics[" ".join([metric.name, *error])] = point.as_int or point.as_double

    def wait_for(
        self, records: int, where: Callable[[Received], bool] = lambda _: True, seconds: float = DEADLINE_SECONDS
    ) -> list[Received]:
        """Return the records that match once there are `records` of them; fails after `seconds`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while len(found := list(filter(where, self.received))) < records:
                left = deadline - time.monotonic()
                assert left > 0, f"{len(found)} of {records} records after {seconds} s; {len(self.received)} in all"
                self._changed.wait(left)
        return found

    def wait_until_asked(self, times: int, seconds: float = DEADLINE_SECONDS) -> None:
        """Return once `times` requests have come since the start; fails after `seconds`."""
        with self._changed:
            came = self._changed.wait_for(lambda: self.asked >= times, seconds)
        assert came, f"{self.asked} of {times} requests after {seconds} s"


@contextmanager
def running_collector(collector: Collector | None = None) -> Iterator[Collector]:
    """A collector that listens on a free port of the loopback interface."""
    collector = collector or Collector()
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()

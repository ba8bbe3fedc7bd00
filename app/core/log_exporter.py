"""One attempt to send log records to the Collector, and what came of it."""

import enum
from collections.abc import Iterable
from typing import cast

from grpc import RpcError, StatusCode
from opentelemetry._logs import LogRecord as SdkLogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.sdk.resources import Resource as SdkResource

# gRPC doubles its pause between connection attempts up to two minutes by default; logs would wait that long
# after the Collector is back.
_CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


class Outcome(enum.Enum):
    """What became of an attempt."""

    DELIVERED = enum.auto()
    TRY_AGAIN = enum.auto()
    REFUSED = enum.auto()
    TOO_LARGE = enum.auto()


class LogExporter(OTLPLogExporter):
    """OpenTelemetry's exporter (endpoint, TLS, headers, compression, all OTEL_* variables) for one attempt at a time.

    The base class's own `export` retries inside one call for at most six attempts, forgets the batch after that,
    and tells its caller neither whether a later attempt could work nor which error it was.
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint=endpoint, channel_options=_CHANNEL_OPTIONS)  # type: ignore[arg-type]

    @property
    def timeout(self) -> float:
        """Seconds an attempt may take: OTEL_EXPORTER_OTLP_LOGS_TIMEOUT, by default 10."""
        return self._timeout

    def send(self, request: ExportLogsServiceRequest, timeout: float) -> tuple[Outcome, int, str]:
        """Send `request` within `timeout` seconds.

        Returns the outcome, how many records the Collector rejected of those it took, and the error for a person.
        """
        try:
            client = cast("LogsServiceStub", self._client)
            response = client.Export(request=request, metadata=self._headers, timeout=timeout)
        except RpcError as error:
            return self._judge(error), 0, _describe(error)
        rejected = response.partial_success.rejected_log_records
        return Outcome.DELIVERED, rejected, response.partial_success.error_message

    def reconnect(self) -> None:
        """Open a new channel."""
        if self._channel:
            self._channel.close()
        self._initialize_channel_and_stub()  # type: ignore[no-untyped-call]

    def _judge(self, error: RpcError) -> Outcome:
        code = error.code()
        if code in {StatusCode.DEADLINE_EXCEEDED, StatusCode.UNAVAILABLE}:
            # A connection to a host that is gone would stay "ready" for minutes. A name without an address,
            # as a stopped container's, would be looked up ever more rarely. A new channel looks at once.
            self.reconnect()
        if code is StatusCode.RESOURCE_EXHAUSTED and "larger than max" in str(error.details()):
            return Outcome.TOO_LARGE
        retryable = cast("frozenset[StatusCode]", self._retryable_error_codes)
        return Outcome.TRY_AGAIN if code in retryable else Outcome.REFUSED


def encode(record: SdkLogRecord, body: str) -> bytes:
    """Serialise a record of this project: text as body, text attributes."""
    message = LogRecord()
    message.time_unix_nano = record.timestamp or 0
    message.observed_time_unix_nano = record.observed_timestamp
    if record.severity_number:
        message.severity_number = record.severity_number.value  # type: ignore[assignment]
    message.severity_text = record.severity_text or ""
    message.body.string_value = body
    if record.trace_id:
        message.trace_id = record.trace_id.to_bytes(16)
        message.span_id = record.span_id.to_bytes(8)
        message.flags = record.trace_flags
    for name, value in (record.attributes or {}).items():
        message.attributes.add(key=name).value.string_value = str(value)
    return message.SerializeToString()


def build_request(resource: SdkResource, records: Iterable[tuple[str, bytes]]) -> ExportLogsServiceRequest:
    """Put encoded records, each with the name of its logger (the instrumentation scope), into one request."""
    described = ResourceLogs(resource=_encode_resource(resource), schema_url=resource.schema_url)
    scopes: dict[str, ScopeLogs] = {}
    for name, encoded in records:
        if name not in scopes:
            scopes[name] = described.scope_logs.add(scope=InstrumentationScope(name=name))
        scopes[name].log_records.add().ParseFromString(encoded)
    return ExportLogsServiceRequest(resource_logs=[described])


def _encode_resource(resource: SdkResource) -> Resource:
    encoded = Resource()
    for name, value in resource.attributes.items():
        encoded.attributes.add(key=name).value.string_value = str(value)
    return encoded


def _describe(error: RpcError) -> str:
    return f"{error.code().name}: {error.details()}"

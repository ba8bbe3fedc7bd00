"""Records of odd shapes, built from plain Python values: what a sender may put on the wire and still speak OTLP."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from tests.support.otlp_values import Attributes, Value, any_value, key_values

# Protobuf's Python library refuses text that is no UTF-8; senders in other languages do not. This placeholder is
# replaced, length for length, by bytes that are no UTF-8 once the request is serialised.
NOT_UTF8 = "\ue000"

# The index label that all of them share.
NAMESPACE = "shape-tests"


@dataclass(frozen=True)
class Odd:
    """A log record with its resource and scope; what is not said is ordinary."""

    body: Value = None
    attributes: Attributes = field(default_factory=dict)
    resource: Attributes = field(default_factory=dict)
    scope: Attributes = field(default_factory=dict)
    scope_name: str = ""
    severity_text: str = "INFO"
    time_ns: int | None = None
    observed_ns: int = 0

    def found_by(self, marker: str) -> "Odd":
        """The same record, findable whatever is mended: its scope's name begins with the marker."""
        pairs = list(self.resource.items() if isinstance(self.resource, Mapping) else self.resource)
        if "service.namespace" not in dict(pairs):
            pairs.append(("service.namespace", NAMESPACE))
        return replace(self, scope_name=marker + self.scope_name, resource=pairs)

    def resource_logs(self, beside: Sequence[LogRecord] = ()) -> ResourceLogs:
        """The record in its resource and scope, with the records `beside` it in the same scope."""
        record = LogRecord(
            time_unix_nano=time.time_ns() if self.time_ns is None else self.time_ns,
            observed_time_unix_nano=self.observed_ns,
            severity_text=self.severity_text,
            attributes=key_values(self.attributes),
        )
        if self.body is not None:
            record.body.CopyFrom(any_value(self.body))
        scope = InstrumentationScope(name=self.scope_name, attributes=key_values(self.scope))
        return ResourceLogs(
            resource=Resource(attributes=key_values(self.resource)),
            scope_logs=[ScopeLogs(scope=scope, log_records=[record, *beside])],
        )


def on_the_wire(resource_logs: Iterable[ResourceLogs]) -> bytes:
    """One export request, with `NOT_UTF8` made what it says."""
    request = ExportLogsServiceRequest(resource_logs=resource_logs).SerializeToString()
    return request.replace(NOT_UTF8.encode(), b"\xff\xfe\xc0")


def plain(body: str, attributes: Attributes | None = None) -> LogRecord:
    """A record as any sender writes it."""
    return LogRecord(
        time_unix_nano=time.time_ns(), body=AnyValue(string_value=body), attributes=key_values(attributes or {})
    )


def nested(depth: int) -> Value:
    """A map in a map, and so on, `depth` times."""
    value: Value = "innermost"
    for _ in range(depth):
        value = {"k": value}
    return value

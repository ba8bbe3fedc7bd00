"""Senders of OTLP: one log record in each of the three ways that the protocol has."""

import json
import secrets
import time
from dataclasses import dataclass, field

import grpc
import requests
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2

from stack.stores.otlp_http import post

JSON_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Record:
    """One log record with everything that has to survive the way into Loki."""

    service_name: str
    event: str
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))
    timestamp_ns: int = field(default_factory=time.time_ns)
    attributes: dict[str, str] = field(default_factory=dict)
    severity: str = "INFO"

    @property
    def body(self) -> str:
        """The line, compact as the application writes it."""
        return json.dumps(
            {"event": self.event, "level": self.severity.lower(), "trace_id": self.trace_id}, separators=(",", ":")
        )

    def request(self) -> logs_service_pb2.ExportLogsServiceRequest:
        """The record as an export request of its own."""
        record = logs_pb2.LogRecord(
            time_unix_nano=self.timestamp_ns,
            severity_number=logs_pb2.SeverityNumber.Value(f"SEVERITY_NUMBER_{self.severity}"),
            severity_text=self.severity,
            body=common_pb2.AnyValue(string_value=self.body),
            attributes=_key_values(self.attributes),
            trace_id=bytes.fromhex(self.trace_id),
            span_id=bytes.fromhex(self.span_id),
        )
        resource = resource_pb2.Resource(attributes=_key_values({"service.name": self.service_name}))
        scope_logs = logs_pb2.ScopeLogs(log_records=[record])
        return logs_service_pb2.ExportLogsServiceRequest(
            resource_logs=[logs_pb2.ResourceLogs(resource=resource, scope_logs=[scope_logs])]
        )


def send_http_protobuf(otlp_http: str, record: Record) -> None:
    """Send over HTTP with protobuf; raises when it is not accepted."""
    post(f"{otlp_http}/v1/logs", record.request().SerializeToString()).raise_for_status()


def send_http_json(otlp_http: str, record: Record) -> None:
    """Send over HTTP with JSON; raises when it is not accepted."""
    document = MessageToDict(record.request(), use_integers_for_enums=True)
    # OTLP's JSON writes ids in hex, protobuf's own mapping in base64.
    sent = document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
    sent |= {"traceId": record.trace_id, "spanId": record.span_id}
    requests.post(f"{otlp_http}/v1/logs", json=document, headers=JSON_HEADERS, timeout=10).raise_for_status()


def send_grpc(otlp_grpc: str, record: Record) -> None:
    """Send over gRPC; raises `grpc.RpcError` when it is not accepted."""
    with grpc.insecure_channel(otlp_grpc) as channel:
        logs_service_pb2_grpc.LogsServiceStub(channel).Export(  # type: ignore[no-untyped-call]
            record.request(), timeout=10
        )


def _key_values(attributes: dict[str, str]) -> list[common_pb2.KeyValue]:
    return [
        common_pb2.KeyValue(key=key, value=common_pb2.AnyValue(string_value=value)) for key, value in attributes.items()
    ]

"""Lines of a container log as the OpenTelemetry records that should have come."""

from collections.abc import Mapping

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from app.core.json_line import shorten_line
from app.core.record_limits import MAX_ATTRIBUTE_CHARACTERS, MAX_BODY_BYTES
from stack.audit.container_logs import WrittenLine

# Marks every record that did not come from its process.
MARK = "backfilled"
_SEVERITY = {
    "debug": (5, "DEBUG"),
    "info": (9, "INFO"),
    "warning": (13, "WARN"),
    "error": (17, "ERROR"),
    "critical": (21, "FATAL"),
}
# Field of the line → attribute of the record.
_EXCEPTION = {
    "exception_type": "exception.type",
    "exception_message": "exception.message",
    "exception": "exception.stacktrace",
}
_HEX_DIGITS = {"trace_id": 32, "span_id": 16}


class RequestBuilder:
    """An export request that grows line by line, of one resource."""

    def __init__(self, resource: Mapping[str, str]) -> None:
        self.lines = 0
        self.bytes = 0
        self._logs = ResourceLogs()
        self._scopes: dict[str, ScopeLogs] = {}
        for name, value in resource.items():
            self._logs.resource.attributes.add(key=name).value.string_value = value

    def add(self, line: WrittenLine) -> None:
        """Add the record of `line`."""
        fields = orjson.loads(line.body) if line.is_json else {}
        scope = _text(fields, "logger")
        if scope not in self._scopes:
            self._scopes[scope] = self._logs.scope_logs.add()
            self._scopes[scope].scope.name = scope
        record = self._scopes[scope].log_records.add()
        _fill(record, line, fields)
        self.lines += 1
        self.bytes += len(record.body.string_value)

    def build(self) -> bytes:
        """The request as it is sent."""
        return ExportLogsServiceRequest(resource_logs=[self._logs]).SerializeToString()


def _fill(record: LogRecord, line: WrittenLine, fields: dict[str, object]) -> None:
    record.time_unix_nano = line.at_ns
    # The engine observed it, each line at a time of its own: Loki keeps equal lines apart by that, and takes the
    # record of a line that is sent twice only once.
    record.observed_time_unix_nano = line.observed_ns
    record.body.string_value = _body(line)
    number, text = _SEVERITY.get(_text(fields, "level"), (0, ""))
    record.severity_number = number  # type: ignore[assignment]
    record.severity_text = text
    trace_id, span_id = (_id(fields, name) for name in ("trace_id", "span_id"))
    if trace_id and span_id:
        record.trace_id, record.span_id = trace_id, span_id
    record.attributes.add(key=MARK).value.string_value = "true"
    if "exception" in fields:
        for field, attribute in _EXCEPTION.items():
            record.attributes.add(key=attribute).value.string_value = _text(fields, field)[-MAX_ATTRIBUTE_CHARACTERS:]


def _body(line: WrittenLine) -> str:
    text = line.body.decode(errors="replace")
    if len(line.body) <= MAX_BODY_BYTES:
        return text
    return shorten_line(text, MAX_BODY_BYTES) if line.is_json else line.body[:MAX_BODY_BYTES].decode(errors="ignore")


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _id(fields: Mapping[str, object], name: str) -> bytes:
    text = _text(fields, name)
    try:
        return bytes.fromhex(text) if len(text) == _HEX_DIGITS[name] else b""
    except ValueError:
        return b""

"""When and where OpenTelemetry data is sent: one guard for logs, traces and metrics."""

import os
from typing import Literal
from urllib.parse import urlsplit

from app.core.settings import Settings

Signal = Literal["logs", "traces", "metrics"]

_OFF = "none"


def is_exported(settings: Settings, signal: Signal) -> bool:
    """Tell whether `signal` leaves the process.

    Not while TESTING, not without OTEL_EXPORTER_OTLP_ENDPOINT, and not where OpenTelemetry's own switches
    (OTEL_SDK_DISABLED, OTEL_LOGS_EXPORTER=none and its siblings) say so.
    """
    if settings.TESTING or not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return False
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "").strip().lower() != _OFF


def endpoint_of(settings: Settings, signal: Signal) -> str:
    """Return the address that `signal` is sent to over gRPC; a signal's own variable wins.

    Raises `ValueError` naming the variable and the right form for an address without scheme (gRPC would try TLS
    on a plaintext port, and nothing would ever arrive), and for a protocol other than gRPC.
    """
    _require_grpc(signal)
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
    variable = own if os.environ.get(own) else "OTEL_EXPORTER_OTLP_ENDPOINT"
    address = os.environ.get(own) or settings.OTEL_EXPORTER_OTLP_ENDPOINT
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{variable}={address!r} needs a scheme and a host; write it as http://host:4317")
    return address


def _require_grpc(signal: Signal) -> None:
    for variable in (f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        protocol = os.environ.get(variable)
        if protocol:
            if protocol != "grpc":
                raise ValueError(f"{variable}={protocol!r} is not built in; use grpc (port 4317), or leave it unset")
            return

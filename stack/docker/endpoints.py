"""Where each component is reached from this machine, as Compose publishes it."""

import functools
from dataclasses import dataclass

from stack.docker import compose, ports


@dataclass(frozen=True)
class Endpoints:
    """Base URLs without a trailing slash; `otlp_grpc` is `host:port`, as gRPC wants it."""

    backend: str
    loki: str
    otlp_grpc: str
    otlp_http: str
    otel_collector_health: str
    otel_collector_metrics: str
    jaeger: str
    jaeger_admin: str
    victoria_metrics: str
    grafana: str


@functools.cache
def endpoints() -> Endpoints:
    """The endpoints of this checkout's project.

    Raises:
        StepError: the Compose files can't be read.

    """
    address = {
        (port.service, port.target): f"{port.host_ip}:{port.published}"
        for port in ports.published(compose.project(every_profile=True))
    }
    return Endpoints(
        backend=f"http://{address['backend', 8000]}",
        loki=f"http://{address['loki', 3100]}",
        otlp_grpc=address["otel-collector", 4317],
        otlp_http=f"http://{address['otel-collector', 4318]}",
        otel_collector_health=f"http://{address['otel-collector', 13133]}",
        otel_collector_metrics=f"http://{address['otel-collector', 8888]}",
        jaeger=f"http://{address['jaeger', 16686]}",
        jaeger_admin=f"http://{address['jaeger', 14269]}",
        victoria_metrics=f"http://{address['victoria-metrics', 8428]}",
        grafana=f"http://{address['grafana', 3000]}",
    )

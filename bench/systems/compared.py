"""What is measured side by side: this stack, and what a user would run in its place.

All are on the same images, with Loki in the same 256 MiB.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.docker import compose, compose_files

CONFIGURATIONS = Path(__file__).parent / "configurations"


@dataclass(frozen=True)
class System:
    """A configuration: Compose files, the services of them that run, and what their variables are."""

    name: str
    files: tuple[str, ...]
    services: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def this_stack() -> System:
    """What `make up` starts, without the application."""
    return System(
        "this stack", tuple(compose_files.in_force()), ("loki", "otel-collector", "jaeger", "victoria-metrics")
    )


def loki_alone() -> System:
    """Its Loki without limits and without a Collector: the most that anything can take."""
    return System("Loki alone", (*tuple(compose_files.in_force()), str(CONFIGURATIONS / "loki-alone.yaml")), ("loki",))


def specification() -> System:
    """The specification's Loki configuration, word for word, behind upstream's Collector settings."""
    return _reference("specification", "loki", "otel-collector")


def otel_lgtm() -> System:
    """Defaults everywhere, as in grafana/docker-otel-lgtm."""
    return _reference("otel-lgtm", "loki", "otel-collector")


def sink() -> System:
    """A Collector that throws everything away: proves that the load generator is faster than what it measures."""
    return _reference("sink", "otel-collector")


def _reference(configuration: str, *services: str) -> System:
    images = compose.project()["services"]
    variables = {
        "CONFIGURATION": configuration,
        "LOKI_IMAGE": images["loki"]["image"],
        "OTEL_COLLECTOR_IMAGE": images["otel-collector"]["image"],
    }
    return System(configuration, (str(CONFIGURATIONS / "docker-compose.yml"),), services, variables)

"""Which images can be built from source, and out of what."""

from collections.abc import Container
from typing import Final

from stack.build import go_build
from stack.build.versions import debian_suite, release
from stack.paths import ROOT

RECIPES: Final = ROOT / "images"

GO_MODULES: Final = {
    "loki": go_build.GoModule(
        path="github.com/grafana/loki/v3",
        package="./cmd/loki",
        version_variable="github.com/grafana/loki/v3/pkg/util/build.Version",
    ),
    "jaeger": go_build.GoModule(
        path="github.com/jaegertracing/jaeger",
        package="./cmd/all-in-one",
        version_variable="github.com/jaegertracing/jaeger/internal/version.latestVersion",
    ),
    "jaeger-v2": go_build.Jaeger2(
        path="github.com/jaegertracing/jaeger",
        package="./cmd/jaeger",
        version_variable="github.com/jaegertracing/jaeger/internal/version.latestVersion",
    ),
    "victoria-metrics": go_build.GoModule(
        path="github.com/VictoriaMetrics/VictoriaMetrics",
        package="./app/victoria-metrics",
        version_variable="github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version",
    ),
}
# Two chains that can be built side by side: the first waits for the network and the disk, the second for the processor.
FROM_DEBIAN: Final = ("debian", "python", "redis")
FROM_GO: Final = ("loki", "otel-collector", "jaeger", "victoria-metrics")
# The build bases are Debian itself. All others follow the tags of docker-compose.yml.
BASES: Final = ("debian", "python")
COMPONENTS: Final = (*FROM_DEBIAN, *FROM_GO)
# Built where a Compose file that a person chose asks for it (docker-compose.jaeger-v2.yml), and not otherwise.
OPTIONAL: Final = ("jaeger-v2",)


def chosen(files: Container[str]) -> tuple[str, ...]:
    """The components of the project that these Compose files, given by name, make up."""
    return (*COMPONENTS, *(component for component in OPTIONAL if f"docker-compose.{component}.yml" in files))


def version(component: str) -> str:
    """What an image is built from: the release that docker-compose.yml names or, of a build base, Debian's.

    Raises:
        StepError: docker-compose.yml does not name it.
    """
    return debian_suite() if component in BASES else release(component)


def needs_debian(component: str) -> bool:
    """Whether the image of `component` is based on ours of Debian."""
    return "ARG BASE\n" in (RECIPES / component / "Dockerfile").read_text()

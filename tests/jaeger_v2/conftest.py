"""What these tests need: the images of `make up`, and Jaeger 2's. In a stack of their own it follows Jaeger 1."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stack.build import images
from stack.build.versions import JAEGER_2
from stack.docker import compose_files
from stack.docker.endpoints import Endpoints, endpoints
from stack.paths import JAEGER_2_FILE
from tests.faults.containers import Containers
from tests.links.conftest import executions, lines, metrics, traces
from tests.links.test_traces import jaeger_source
from tests.smoke.conftest import dead_lettered, replayed, retried, succeeded
from tests.support.backend import Backend, Execution
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger
from tests.support.own_project import own_project, up

# What the suites of the default stack look at, asked of this one.
__all__ = [
    "dead_lettered",
    "executions",
    "jaeger_source",
    "lines",
    "metrics",
    "replayed",
    "retried",
    "succeeded",
    "traces",
]

PROJECT = "integr8scode-jaeger-v2"
APPLICATION = ("backend", "saga-orchestrator", "k8s-worker", "pod-monitor", "result-processor", "event-replay")
STORES = ("loki", "otel-collector", "jaeger", "victoria-metrics")


@dataclass(frozen=True)
class Upgraded:
    """A stack whose Jaeger 1 was replaced, and an execution whose trace Jaeger 1 had stored."""

    at: Endpoints
    before: Execution


@pytest.fixture(scope="session")
def upgraded() -> Iterator[Upgraded]:
    with own_project(PROJECT):
        up(*APPLICATION, "dlq-processor", *STORES)
        before = Backend(endpoints().backend).run("fail-1-times")
        jaeger = Jaeger(endpoints().jaeger)
        eventually(lambda: jaeger.trace(before.trace_id), sent=before, components=STORES)
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("COMPOSE_FILE", ":".join(_with_jaeger_2()))
            up("jaeger")
            yield Upgraded(endpoints(), before)


@pytest.fixture(scope="session")
def at(upgraded: Upgraded) -> Endpoints:
    return upgraded.at


@pytest.fixture
def containers(at: Endpoints) -> Containers:
    assert at
    return Containers()


def _with_jaeger_2() -> list[str]:
    files = [*compose_files.in_force(), JAEGER_2_FILE.name]
    if not compose_files.from_source_in_force():
        return files
    images.build(JAEGER_2, print)
    return [*files, JAEGER_2_FILE.name.removesuffix(".yml") + compose_files.FROM_SOURCE]

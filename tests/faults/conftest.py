"""What the fault suite needs: root, and a stack of its own to break (project `faults`), gone when it ends."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import compose, environment_file, ladder
from stack.endpoints import Endpoints, endpoints
from tests.faults.containers import Containers
from tests.faults.disks import disk
from tests.faults.form import FORMS, Form
from tests.faults.table import Table

HERE = Path(__file__).parent
GIB = 1 << 30
# Beside the defaults, which the stack in use may hold, and below the ports that the kernel gives to clients.
PORTS = {
    "BACKEND_PORT": 29800,
    "GRAFANA_PORT": 29300,
    "JAEGER_PORT": 29686,
    "JAEGER_ADMIN_PORT": 29269,
    "LOKI_PORT": 29100,
    "OTLP_GRPC_PORT": 29317,
    "OTLP_HTTP_PORT": 29318,
    "OTEL_COLLECTOR_HEALTH_PORT": 29133,
    "OTEL_COLLECTOR_METRICS_PORT": 29888,
    "VICTORIA_METRICS_PORT": 29428,
}


@pytest.fixture(scope="session")
def form() -> Form:
    """FAULTS=long in the environment chooses the long form."""
    name = os.environ.get("FAULTS", "short")
    if name not in FORMS:
        pytest.fail(f"FAULTS={name}: choose one of {', '.join(FORMS)}", pytrace=False)
    return FORMS[name]


@pytest.fixture(scope="package")
def at(form: Form, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """The endpoints of a running stack whose Loki and Collector have small disks of their own."""
    if os.geteuid() != 0:
        pytest.fail("the fault suite kills processes of containers and makes disks: run it as root", pytrace=False)
    folder = tmp_path_factory.mktemp("disks")
    with (
        disk(folder / "loki", 8 * GIB) as loki_disk,
        disk(folder / "collector", 2 * GIB) as collector_disk,
        pytest.MonkeyPatch.context() as environment,
    ):
        files = environment_file.read().get("COMPOSE_FILE", "docker-compose.yml").split(":")
        files += [str(HERE / name) for name in form.compose_files]
        variables = {
            "COMPOSE_PROJECT_NAME": "faults",
            "COMPOSE_FILE": ":".join(files),
            "FAULTS_LOKI_DISK": loki_disk,
            "FAULTS_COLLECTOR_DISK": collector_disk,
            **{name: str(port) for name, port in PORTS.items()},
        }
        for name, value in variables.items():
            environment.setenv(name, value)
        endpoints.cache_clear()
        try:
            ladder.start(print)
            yield endpoints()
        finally:
            compose.compose("down", "--volumes", "--timeout", "5")
            endpoints.cache_clear()


@pytest.fixture
def containers(at: Endpoints) -> Containers:
    """The containers behind those endpoints."""
    assert at
    return Containers()


@pytest.fixture(scope="package")
def table(form: Form, request: pytest.FixtureRequest) -> Iterator[Table]:
    """The rows of this run: printed, and written into the document by a complete and green run."""
    rows = Table()
    yield rows
    rows.show()
    options = request.config
    chosen = options.getoption("keyword") or options.getoption("markexpr") or request.session.testsfailed
    if not chosen and all(Path(folder).is_dir() for folder in options.args):
        rows.write(form)

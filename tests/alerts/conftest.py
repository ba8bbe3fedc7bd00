"""What the alert tests need: a stack of their own to break, thirty times faster and gone when they end."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stack import compose, environment_file
from stack.endpoints import endpoints
from tests.alerts import rules, time_lapse
from tests.alerts.broken_stack import BrokenStack
from tests.alerts.evaluation import Evaluation
from tests.alerts.rules import Rule
from tests.support.victoria_metrics import VictoriaMetrics

HERE = Path(__file__).parent
# One worker is enough to fall silent.
SERVICES = ("backend", "dlq-processor", "loki", "otel-collector", "jaeger", "victoria-metrics")


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokenStack]:
    """The running stack; nothing is broken yet."""
    folder = tmp_path_factory.mktemp("time-lapse")
    time_lapse.write(folder)
    # The containers' users read these files.
    for path in (folder.parent, folder, *folder.rglob("*")):
        path.chmod(0o755)
    files = environment_file.read().get("COMPOSE_FILE", "docker-compose.yml").split(":")
    ports = [*compose.port_variables().values(), "UNREPAIRED_PORT", "JAEGER_OTLP_PORT"]
    variables = {
        "COMPOSE_PROJECT_NAME": "alerts",
        "COMPOSE_FILE": ":".join([*files, str(HERE / "docker-compose.yml")]),
        "TIME_LAPSE": str(folder),
        "METRIC_EXPORT_MILLISECONDS": str(time_lapse.METRIC_EXPORT_MILLISECONDS),
        **dict(zip(ports, map(str, _free_ports(len(ports))), strict=True)),
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        endpoints.cache_clear()
        try:
            started = compose.compose("up", "--detach", "--wait", "--wait-timeout", "180", *SERVICES)
            assert started.returncode == 0, started.stdout
            yield BrokenStack(
                endpoints(),
                unrepaired=f"http://127.0.0.1:{variables['UNREPAIRED_PORT']}",
                jaeger_otlp=f"http://127.0.0.1:{variables['JAEGER_OTLP_PORT']}",
            )
        finally:
            compose.compose("down", "--volumes", "--timeout", "2")
            endpoints.cache_clear()


@pytest.fixture(scope="package")
def all_rules() -> list[Rule]:
    return [rule.in_time_lapse(time_lapse.FACTOR) for rule in rules.load()]


@pytest.fixture(scope="package")
def victoria_metrics(stack: BrokenStack) -> VictoriaMetrics:
    return VictoriaMetrics(stack.at.victoria_metrics)


@pytest.fixture(scope="package")
def evaluation(all_rules: list[Rule], victoria_metrics: VictoriaMetrics) -> Iterator[Evaluation]:
    with Evaluation(all_rules, victoria_metrics) as running:
        yield running


def _free_ports(number: int) -> list[int]:
    """Ports that nothing listens on: the usual ones may be held by the stack in use."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]

"""What the alert tests need: a stack of their own to break, thirty times faster and gone when they end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.docker.endpoints import endpoints
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.alerts import rules, time_lapse
from tests.alerts.broken_stack import BrokenStack
from tests.alerts.evaluation import Evaluation
from tests.alerts.rules import Rule
from tests.support.own_project import own_project, up
from tests.support.repeated import repeated

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
    variables = {
        "TIME_LAPSE": str(folder),
        "METRIC_EXPORT_MILLISECONDS": str(time_lapse.METRIC_EXPORT_MILLISECONDS),
    }
    with own_project(
        "alerts", HERE / "docker-compose.yml", ports=("UNREPAIRED_PORT", "JAEGER_OTLP_PORT"), variables=variables
    ):
        up(*SERVICES)
        yield BrokenStack(
            endpoints(),
            unrepaired=f"http://127.0.0.1:{os.environ['UNREPAIRED_PORT']}",
            jaeger_otlp=f"http://127.0.0.1:{os.environ['JAEGER_OTLP_PORT']}",
        )


@pytest.fixture(scope="package")
def all_rules() -> list[Rule]:
    return [rule.in_time_lapse(time_lapse.FACTOR) for rule in rules.load()]


@pytest.fixture(scope="package")
def victoria_metrics(stack: BrokenStack) -> VictoriaMetrics:
    return VictoriaMetrics(stack.at.victoria_metrics)


@pytest.fixture(scope="package")
def evaluation(all_rules: list[Rule], victoria_metrics: VictoriaMetrics) -> Iterator[Evaluation]:
    evaluation = Evaluation(all_rules, victoria_metrics)
    # All rules have the same interval.
    with repeated(evaluation.evaluate, every=all_rules[0].interval):
        yield evaluation

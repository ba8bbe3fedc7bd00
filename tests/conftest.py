"""The running stack, for every suite that asks it: the addresses, and a client a component."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.docker.endpoints import Endpoints, endpoints
from stack.stores.loki import Loki
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.support.backend import Backend
from tests.support.free_ports import free_ports
from tests.support.grafana_server import Grafana, grafana_or_skip
from tests.support.jaeger import Jaeger


def pytest_configure() -> None:
    """Let the programs that tests start be interrupted: a run in the background ignores SIGINT, and they would too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its suite's name, the folder below tests/: `pytest -m "not faults"`."""
    here = Path(__file__).parent
    for item in items:
        item.add_marker(item.path.relative_to(here).parts[0])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once, at the end, what was skipped and why: one line for each reason."""
    reports = terminalreporter.stats.get("skipped", [])
    # A skip's long form is its file, its line and its reason.
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports)
    for reason, times in reasons.most_common():
        terminalreporter.line(f"{times} skipped: {reason}", yellow=True)


@pytest.fixture(scope="session")
def at() -> Endpoints:
    return endpoints()


@pytest.fixture(scope="session")
def loki(at: Endpoints) -> Loki:
    return Loki(at.loki)


@pytest.fixture(scope="session")
def jaeger(at: Endpoints) -> Jaeger:
    return Jaeger(at.jaeger)


@pytest.fixture(scope="session")
def victoria_metrics(at: Endpoints) -> VictoriaMetrics:
    return VictoriaMetrics(at.victoria_metrics)


@pytest.fixture(scope="session")
def backend(at: Endpoints) -> Backend:
    return Backend(at.backend)


@pytest.fixture(scope="session")
def grafana(at: Endpoints) -> Grafana:
    return grafana_or_skip(at)


@pytest.fixture
def free_port() -> Iterator[int]:
    """Where a program of the test may listen."""
    with free_ports(1) as [port]:
        yield port

"""What the audit's tests need: a running stack (`make up`), and services of their own that they may break."""

import time
from collections.abc import Iterator

import pytest
from rich.progress import Progress

from stack.audit.audit import Auditor, Finding, audit, find_services
from stack.audit.backfill import backfill
from stack.docker.endpoints import Endpoints, endpoints
from stack.stores.loki import Loki
from stack.time_range import NS_PER_SECOND, Window
from tests.audit.subject import Subject


@pytest.fixture(scope="session")
def at() -> Endpoints:
    return endpoints()


@pytest.fixture(scope="session")
def loki(at: Endpoints) -> Loki:
    return Loki(at.loki)


@pytest.fixture
def subject() -> Iterator[Subject]:
    """A service that exists for one test."""
    service = Subject()
    yield service
    service.remove()


class Operator:
    """A person who audits and backfills one service, always over the same window: until now, from an hour before."""

    def __init__(self, subject: Subject) -> None:
        now_ns = time.time_ns()
        self._subject = subject
        self._window = Window(now_ns - 3600 * NS_PER_SECOND, now_ns)

    def audits(self) -> Finding:
        """What `make audit` finds."""
        with Progress(disable=True) as progress:
            services = find_services([self._subject.service_name])
            (finding,) = audit(Auditor(self._window, progress), services)
        return finding

    def backfills(self) -> int:
        """How many lines `make backfill` sends."""
        with Progress(disable=True) as progress:
            services = find_services([self._subject.service_name])
            return backfill(Auditor(self._window, progress), progress, services)

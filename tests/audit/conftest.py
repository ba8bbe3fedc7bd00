"""What the audit's tests need: the images of `make up`. Loki and the Collector run in a project of their own.

So do the services that a test writes lines with and breaks: whoever looks at the main stack's containers meets none.
"""

import time
from collections.abc import Iterator

import pytest
from rich.progress import Progress

from stack.audit.audit import Auditor, Finding, audit, find_services
from stack.audit.backfill import backfill
from stack.docker.endpoints import Endpoints, endpoints
from stack.time_range import NS_PER_SECOND, Window
from tests.audit.subject import Subject
from tests.support.own_project import own_project, up


@pytest.fixture(scope="session")
def at() -> Iterator[Endpoints]:
    with own_project("integr8scode-audit"):
        up("loki", "otel-collector")
        yield endpoints()


@pytest.fixture
def subject(at: Endpoints) -> Iterator[Subject]:
    """A service that exists for one test."""
    assert at
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

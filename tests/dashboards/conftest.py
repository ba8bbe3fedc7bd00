"""What the panels' queries are run on: a running stack (`make up`), with traffic driven through it."""

import pytest

from stack.docker.endpoints import Endpoints
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.support.backend import Backend, Execution
from tests.support.stored_metrics import wait_for_every_service


@pytest.fixture(scope="session")
def execution(at: Endpoints, victoria_metrics: VictoriaMetrics) -> Execution:
    """One of several executions that together pass every service, once all that they leave is stored."""
    backend = Backend(at.backend)
    succeeded = backend.run("succeed")
    backend.run("always-fail")
    backend.replay(succeeded)
    wait_for_every_service(victoria_metrics)
    return succeeded

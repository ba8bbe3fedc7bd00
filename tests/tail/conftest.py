"""What the tests of `make tail` need: the images of `make up`. Loki and the Collector run in a project of their own.

What another suite has sent in the last hour would be looked through for late lines, too, and Loki is killed here.
"""

import secrets
from collections.abc import Iterator

import pytest

from stack.docker.endpoints import Endpoints, endpoints
from tests.support.own_project import own_project, up


@pytest.fixture(scope="session")
def at() -> Iterator[Endpoints]:
    with own_project("tail"):
        up("loki", "otel-collector")
        yield endpoints()


@pytest.fixture
def name() -> str:
    """A word that begins the names of one test's services, and of no others."""
    return f"tail-{secrets.token_hex(4)}"

"""A receiver for the tests of this folder; they need nothing but this machine."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.unit.core.collector import Collector, running_collector

# How long an example takes says more about what else this machine does than about the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


@pytest.fixture(scope="module")
def module_collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running

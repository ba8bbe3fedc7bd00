"""What these tests need: root, and the images of `make up`. Engine, registry and checkout are made for each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registry.checkout import clean_checkout
from tests.registry.contents import filled_storage
from tests.registry.registry import registry
from tests.support.own_engine import OwnEngine, own_engine

PORT = 5000


@pytest.fixture(scope="session")
def storage() -> Path:
    """The folder of a registry that holds every image under its official name."""
    return filled_storage()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clean clone."""
    return clean_checkout(tmp_path / "checkout")


@pytest.fixture
def engine() -> Iterator[OwnEngine]:
    """A fresh engine without images, whose mirror of Docker Hub is at PORT of its own loopback; the test is inside it.

    One try a layer: what breaks is told at once, not after a minute.
    """
    options = (f"--registry-mirror=http://127.0.0.1:{PORT}", "--max-download-attempts=1")
    with own_engine("registry-test", *options) as fresh, fresh.inside():
        yield fresh


@pytest.fixture
def mirror(engine: OwnEngine, storage: Path) -> Iterator[None]:
    """The registry where the engine looks for its mirror."""
    assert engine
    with registry(storage, PORT):
        yield

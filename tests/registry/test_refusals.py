"""A registry that says no, says nothing, or breaks off: `make up` ends with one message, and goes on the next time.

The images of these checkouts are at a registry of their own, as in a company that has one: what a mirror of Docker Hub
answers would be hidden by what Docker Hub itself answers, which can't be reached here.
"""

import socket
import subprocess
from contextlib import AbstractContextManager
from http import HTTPStatus
from pathlib import Path

import pytest

from stack.build.versions import official_python_image
from stack.docker import compose
from tests.registry import faulty
from tests.registry.checkout import run_inside, with_tools
from tests.registry.conftest import PORT
from tests.registry.registry import registry
from tests.support.free_ports import free_ports
from tests.support.own_engine import OwnEngine

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def elsewhere(checkout: Path) -> Path:
    """The checkout with every image at 127.0.0.1:PORT."""
    file = checkout / "docker-compose.yml"
    text = file.read_text()
    for image in {*compose.official_images().values(), official_python_image()}:
        text = text.replace(image, at_own_registry(image))
    file.write_text(text)
    return with_tools(checkout)


def at_own_registry(image: str) -> str:
    return f"127.0.0.1:{PORT}/{image if '/' in image else f'library/{image}'}"


def make_up(checkout: Path) -> subprocess.CompletedProcess[str]:
    """`make up` that may not install or build anything from source: it takes what a registry gives, or says why not."""
    return run_inside(checkout, "make", "up", STACK_INSTALL="no")


def assert_told(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """One message that has these words, and no other."""
    assert result.returncode == 2, result.stdout
    assert "make: *** [Makefile:" in result.stdout, "make says 2 for a command that ended with 1"
    assert result.stdout.count("failed:") == 1, result.stdout
    assert result.stdout.count("remedy:") == 1, result.stdout
    assert "Traceback" not in result.stdout
    for word in words:
        assert word in result.stdout, result.stdout


FIRST = at_own_registry(min(compose.official_images().values()))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (HTTPStatus.UNAUTHORIZED, "docker login"),
        (HTTPStatus.FORBIDDEN, "denied"),
        (HTTPStatus.TOO_MANY_REQUESTS, "toomanyrequests"),
        (HTTPStatus.INTERNAL_SERVER_ERROR, "500"),
    ],
    ids=lambda value: str(int(value)) if isinstance(value, HTTPStatus) else "",
)
def test_a_registry_that_says_no(status: HTTPStatus, reason: str, elsewhere: Path) -> None:
    with faulty.refusing(PORT, status):
        result = make_up(elsewhere)

    assert_told(result, FIRST, reason, "why:")
    assert "building" not in result.stdout


@pytest.mark.parametrize(
    "nobody", [faulty.silent(PORT), socket.socket()], ids=["takes connections and says nothing", "does not listen"]
)
def test_a_registry_that_says_nothing(nobody: AbstractContextManager[object], elsewhere: Path) -> None:
    with nobody:
        result = make_up(elsewhere)

    assert_told(result, f"pulling {FIRST}", "no image registry can be reached", "STACK_INSTALL=no")


def test_a_pull_that_breaks_is_told_and_the_next_goes_on_from_there(elsewhere: Path, storage: Path) -> None:
    with free_ports(1) as [behind], registry(storage, behind), faulty.relay(PORT, to=behind) as between:
        broken = make_up(elsewhere)

        assert_told(broken, FIRST, "what was pulled is kept")

        between.broken = False
        assert_goes_on(elsewhere)
        whole = list(between.layers)
        assert len(whole) == len(set(whole)), "a layer was fetched twice"


def assert_goes_on(checkout: Path) -> None:
    """As far as the rung behind the images, which a taken port ends: the whole start is test_pull's subject."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = str(server.getsockname()[1])
        result = run_inside(checkout, "make", "up", LOKI_PORT=taken)
    assert_told(result, "checking the ports", taken)


def test_an_engine_without_a_route_and_without_a_registry(engine: OwnEngine, checkout: Path) -> None:
    """The official names: nothing resolves."""
    assert engine

    result = make_up(with_tools(checkout))

    assert_told(result, "no image registry can be reached", "STACK_INSTALL=no")

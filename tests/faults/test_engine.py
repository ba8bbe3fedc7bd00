"""The engine itself dies, on an engine of its own: the stack comes back by itself, and nothing accepted is lost."""

import time
from collections.abc import Callable, Iterator

import pytest

from stack.docker import compose
from stack.docker.containers import running, wait_until_healthy
from stack.docker.endpoints import Endpoints, endpoints
from stack.docker.inspect import image_id
from stack.up.services import start
from tests.faults.account import settled, wait_until_everything_answers, wait_until_stored
from tests.faults.ledger import Sender, lines
from tests.faults.table import Table
from tests.support.eventually import eventually
from tests.support.own_engine import OwnEngine, own_engine
from tests.support.own_project import run_compose

Death = Callable[[OwnEngine], None]


@pytest.fixture(scope="module")
def engine() -> Iterator[OwnEngine]:
    """An engine on which the whole stack runs; the tests are inside its network."""
    services = compose.project(every_profile=True)["services"].values()
    images = {service["image"] for service in services if image_id(service["image"])}
    with own_engine("engine-faults") as own:
        own.load(sorted(images))
        with own.inside():
            start(print)
            yield own


@pytest.fixture
def on_it(engine: OwnEngine) -> Endpoints:
    """The stack's endpoints there."""
    assert engine
    return endpoints()


@pytest.mark.parametrize(
    ("fault", "die"),
    [
        ("engine killed (-9) and started again", lambda engine: engine.kill("dockerd")),
        ("engine, containerd and every process killed (-9)", OwnEngine.kill_everything),
    ],
    ids=["engine", "everything"],
)
def test_the_stack_comes_back(fault: str, die: Death, engine: OwnEngine, on_it: Endpoints, table: Table) -> None:
    services = set(running())
    of_lines = lines(on_it)
    with Sender(of_lines, on_it.otlp_http, rate=200) as sender:
        wait_until_stored(of_lines, 100)

        die(engine)
        began = time.monotonic()
        engine.start()

        wait_until_everything_answers(on_it)
        wait_until_stored(of_lines, sender.emitted + 1)
        recovered = time.monotonic() - began
    account = settled(of_lines, sender)
    table.add(fault, account, None, recovered)

    assert (account.lost, sender.refusals) == ([], [])
    assert set(running()) == services
    wait_until_healthy(running())


def test_what_a_person_stopped_starts_again_with_the_engine_and_what_was_taken_down_does_not(engine: OwnEngine) -> None:
    services = set(running())
    run_compose("stop", "redis")
    assert set(running()) == services - {"redis"}

    engine.kill("dockerd")
    engine.start()

    eventually(lambda: set(running()) == services, sent="docker compose stop redis", components=("redis",), within=60)

    run_compose("down")
    engine.kill("dockerd")
    engine.start()

    assert running() == {}

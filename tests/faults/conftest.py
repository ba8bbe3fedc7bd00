"""What the fault suite needs: root, and a stack of its own to break (project `faults`), gone when it ends."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from stack.docker.endpoints import Endpoints, endpoints
from stack.up import services
from tests.faults.containers import Containers
from tests.faults.disks import disk
from tests.faults.form import FORMS, Form
from tests.faults.table import Table
from tests.faults.wal import segments, wait_until_replaced
from tests.support.own_project import own_project

HERE = Path(__file__).parent
GIB = 1 << 30


@pytest.fixture(scope="session")
def form() -> Form:
    """FAULTS=long in the environment chooses the long form."""
    name = os.environ.get("FAULTS", "short")
    if name not in FORMS:
        pytest.fail(f"FAULTS={name}: choose one of {', '.join(FORMS)}", pytrace=False)
    return FORMS[name]


@pytest.fixture(scope="package")
def at(form: Form, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """The endpoints of a running stack whose Loki and Collector have small disks of their own."""
    if os.geteuid() != 0:
        pytest.fail("the fault suite kills processes of containers and makes disks: run it as root", pytrace=False)
    folder = tmp_path_factory.mktemp("disks")
    with (
        disk(folder / "loki", 8 * GIB) as loki_disk,
        disk(folder / "collector", 2 * GIB) as collector_disk,
        own_project(
            "faults",
            *(HERE / name for name in form.compose_files),
            variables={"FAULTS_LOKI_DISK": loki_disk, "FAULTS_COLLECTOR_DISK": collector_disk},
        ),
    ):
        services.start(print)
        yield endpoints()


@pytest.fixture
def containers(at: Endpoints) -> Containers:
    """The containers behind those endpoints, with Loki's log sound.

    The test before may have killed Loki in the middle of a write, and what a second kill costs within four seconds of
    such a one is not promised (docs/reliability.md, "What is not covered").
    """
    assert at
    found = Containers()
    [loki] = found.described("loki")
    started = datetime.fromisoformat(loki["State"]["StartedAt"]).timestamp()
    log = found.volume("loki", "/loki") / "wal"
    wait_until_replaced(log, {file for file in segments(log) if file.stat().st_mtime < started})
    return found


@pytest.fixture(scope="package")
def table(form: Form, request: pytest.FixtureRequest) -> Iterator[Table]:
    """The rows of this run: printed, and written into the document by a complete and green run."""
    rows = Table()
    yield rows
    rows.show()
    options = request.config
    chosen = options.getoption("keyword") or options.getoption("markexpr") or request.session.testsfailed
    if not chosen and all(Path(folder).is_dir() for folder in options.args):
        rows.write(form)

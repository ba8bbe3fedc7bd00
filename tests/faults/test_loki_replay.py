"""After a kill Loki can't bring back its write-ahead log at once: chunks can't be written, or the log is damaged."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from rich.progress import Progress

from stack.audit.audit import Auditor, Service, audit, find_services
from stack.audit.backfill import backfill
from stack.docker.endpoints import Endpoints
from stack.stores.exposed_metrics import ExposedMetrics
from stack.stores.loki import Loki
from stack.time_range import Window
from tests.faults.account import drained, settled, wait_until_everything_answers
from tests.faults.containers import Containers
from tests.faults.flood import SUSTAINABLE, Flood
from tests.faults.form import Form
from tests.faults.ledger import Sender, lines
from tests.faults.table import Table
from tests.faults.test_application import account
from tests.faults.wal import damage
from tests.support.backend import Backend, Execution
from tests.support.eventually import eventually
from tests.support.held_volume import held_volume
from tests.support.own_project import run_compose

# Lines of 360 bytes that are more than replay_memory_ceiling (16 MB, loki/loki-config.yaml), so that a replay has to
# write chunks before it can go on.
MORE_THAN_A_REPLAY_HOLDS = 80_000
LINES_MEANWHILE = 200
"""A second, while Loki can't take any."""
READ_ONLY, AS_BEFORE = 0o500, 0o700
CORRUPTIONS = "loki_ingester_wal_corruptions_total"
WRITING = "loki_ingester_wal_replay_flushing"


def test_a_replay_waits_until_chunks_can_be_written(
    at: Endpoints, containers: Containers, form: Form, table: Table
) -> None:
    """Loki gives up no line: it is not ready, the Collector's queue takes what comes, and all is stored afterwards."""
    before = containers.states()["loki"].restarts
    of_lines = lines(at)
    with unwritable(containers.volume("loki", "/loki") / "chunks"):
        with Flood(at.otlp_http, rate=SUSTAINABLE) as flood:
            eventually(lambda: flood.emitted >= MORE_THAN_A_REPLAY_HOLDS, sent="a flood", components=("loki",))
        drained(Loki(at.loki), flood)
        containers.kill("loki")
        eventually(lambda: ExposedMetrics.of(at.loki).total(WRITING) == 1, sent="kill -9", components=("loki",))
        with Sender(of_lines, at.otlp_http, rate=LINES_MEANWHILE) as sender:
            enough = LINES_MEANWHILE * form.outage_seconds
            eventually(lambda: sender.delivered >= enough, sent=of_lines, components=("otel-collector",))
        assert requests.get(f"{at.loki}/ready", timeout=5).status_code == 503
        assert ExposedMetrics.of(at.loki).total(WRITING) == 1
    possible = time.monotonic()
    wait_until_everything_answers(at)
    recovered = time.monotonic() - possible
    account_of_lines = settled(of_lines, sender)
    drained(Loki(at.loki), flood)
    account_of_flood = flood.account(Loki(at.loki))
    table.add("Loki killed (-9) while chunks can't be written", account_of_flood, None, recovered)

    assert account_of_flood.lost == []
    assert (account_of_lines.lost, sender.refusals) == ([], [])
    assert ExposedMetrics.of(at.loki).total(CORRUPTIONS) == 0
    assert containers.states()["loki"].restarts == before + 1


def test_what_a_damaged_log_held_is_counted_and_backfill_restores_it(
    at: Endpoints, containers: Containers, table: Table
) -> None:
    began_ns = time.time_ns()
    executions = [Backend(at.backend).run("succeed") for _ in range(3)]
    backends = find_services(["backend"])
    with Progress(disable=True) as progress:
        wait_until_complete(executions, Auditor(Window(began_ns, time.time_ns()), progress), backends)

        [mounted] = [mount for mount in containers.described("loki")[0]["Mounts"] if mount["Destination"] == "/loki"]
        with held_volume(mounted["Name"]):
            # As a person does it, so that nothing starts before the damage is done.
            run_compose("kill", "loki")
            damage(Path(mounted["Source"]) / "wal")
            started = time.monotonic()
            run_compose("start", "loki")
        wait_until_everything_answers(at)
        recovered = time.monotonic() - started
        counted = ExposedMetrics.of(at.loki).total(CORRUPTIONS)

        auditor = Auditor(Window(began_ns, time.time_ns()), progress)
        [found] = audit(auditor, backends)
        table.add("Loki killed (-9), its write-ahead log damaged", account(found), None, recovered)
        sent = backfill(auditor, progress, backends)
        [restored] = audit(auditor, backends)
        table.add("the same after `make backfill`", account(restored), None, recovered)

    assert counted > 0
    assert 0 < found.counts.missing == sent
    assert (restored.counts.missing, restored.counts.duplicated) == (0, 0)


def wait_until_complete(executions: list[Execution], auditor: Auditor, services: list[Service]) -> None:
    """Wait until Loki has every line of the services."""
    eventually(
        lambda: audit(auditor, services)[0].counts.missing == 0,
        sent=executions,
        components=("otel-collector", "loki"),
    )


@contextmanager
def unwritable(chunks: Path) -> Iterator[None]:
    """No new file in the folder, as on a disk that is full or read-only; the write-ahead log beside it goes on."""
    folders = [chunks, *(folder for folder in chunks.rglob("*") if folder.is_dir())]
    for folder in folders:
        folder.chmod(READ_ONLY)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(AS_BEFORE)

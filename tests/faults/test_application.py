"""A process that dies takes with it what it had not sent yet, no more, and the container log gives that back."""

import time

from rich.progress import Progress

from stack.audit.audit import Auditor, Finding, audit, find_services
from stack.audit.backfill import backfill
from stack.docker.endpoints import Endpoints
from stack.time_range import Window
from tests.faults.containers import Containers
from tests.faults.form import Form
from tests.faults.ledger import Account
from tests.faults.table import Table
from tests.support.backend import Backend
from tests.support.eventually import eventually
from tests.support.repeated import repeated

FAULT = "backend killed (-9) while the Collector is away"


def test_a_killed_process_loses_what_it_had_in_memory_and_backfill_restores_it(
    at: Endpoints, containers: Containers, form: Form, table: Table
) -> None:
    began_ns = time.time_ns()
    # About twenty executions a second, by a client that does not mind errors.
    executions = repeated(lambda: Backend(at.backend).submit("succeed"), every=0.05)
    with executions, Progress(disable=True) as progress:
        time.sleep(form.outage_seconds)
        away_ns = time.time_ns()
        with containers.cut_off("otel-collector"):
            time.sleep(form.outage_seconds)
            containers.kill("backend")
            killed_ns = time.time_ns()
        killed = time.monotonic()
        eventually(lambda: Backend(at.backend).run("succeed"), sent="kill -9", components=("backend",), within=60)
        recovered = time.monotonic() - killed
        auditor = Auditor(Window(began_ns, time.time_ns()), progress)
        backends = find_services(["backend"])
        [found] = audit(auditor, backends)
        table.add(FAULT, account(found), None, recovered)
        sent = backfill(auditor, progress, backends)
        [restored] = audit(auditor, backends)
        table.add("the same after `make backfill`", account(restored), None, recovered)

    assert 0 < found.counts.missing == sent
    assert found.missing_between is not None
    first, last = found.missing_between
    # What had been sent before the Collector went away was accepted before: an SDK's batch may wait for a second.
    assert away_ns - 10**9 <= first <= last <= killed_ns
    assert (restored.counts.missing, restored.counts.duplicated) == (0, 0)


def account(finding: Finding) -> Account:
    """The audit's counts as every row of the table has them."""
    counts = finding.counts
    return Account(counts.written, counts.written - counts.missing, list(range(counts.missing)), counts.duplicated)

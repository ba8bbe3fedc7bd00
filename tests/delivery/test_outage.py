"""A minute without a Collector at 200 records a second: nothing is lost, nothing grows.

These take two minutes, so they are not among the unit tests; they need nothing but this machine.
What a call costs meanwhile is recorded here, and held as a ratio by `make bench-guard`.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.unit.core import programs
from tests.unit.core.collector import Collector, running_collector

RECORDS_PER_SECOND = 200
SECONDS_BEFORE, SECONDS_AWAY, SECONDS_AFTER = 5, 60, 10
RECORDS = RECORDS_PER_SECOND * (SECONDS_BEFORE + SECONDS_AWAY + SECONDS_AFTER)
LARGEST_GROWTH_MIB = 40

# Logs at a steady rate and tells what each call cost its thread, and how large the process became.
STEADY = f"""
flush_on_exit()
import json, resource
costs = []
begun = time.monotonic()
for number in range({RECORDS}):
    time.sleep(max(0.0, begun + number / {RECORDS_PER_SECOND} - time.monotonic()))
    before = time.thread_time_ns()
    logger.info("steady", number=number, path="/api/v1/executions", text="x" * 300)
    costs.append(time.thread_time_ns() - before)
    if number == {RECORDS_PER_SECOND * SECONDS_BEFORE}:
        size_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stderr.write(json.dumps({{"costs": costs, "grown_mib": (size - size_before) / 1024}}))
"""


@contextmanager
def stopped(collector: Collector) -> Iterator[None]:
    collector.stop()
    yield
    collector.start()


@pytest.mark.parametrize("fault", [stopped, Collector.silent], ids=["not listening", "black hole"])
def test_a_minute_of_outage_loses_nothing(
    fault: Callable[[Collector], AbstractContextManager[None]],
    free_port: int,
    record_property: Callable[[str, object], None],
) -> None:
    steady = Collector()
    # One that no client beside this test is given while nobody listens there.
    steady.port = free_port
    with running_collector(steady) as collector:
        program = programs.start(STEADY, collector.endpoint)
        collector.wait_for(RECORDS_PER_SECOND * SECONDS_BEFORE, seconds=30)
        with fault(collector):
            time.sleep(SECONDS_AWAY)
        finished = program.end(seconds=60)
        numbers = [each.fields["number"] for each in collector.received if each.fields["event"] == "steady"]
    assert finished.code == 0
    # Delivered at least once: an attempt whose answer was lost is repeated; Loki keeps equal lines once.
    assert set(numbers) == set(range(RECORDS))
    measured = json.loads(finished.stderr)
    assert measured["grown_mib"] < LARGEST_GROWTH_MIB
    while_up = statistics.median(measured["costs"][: RECORDS_PER_SECOND * SECONDS_BEFORE])
    while_away = statistics.median(measured["costs"][RECORDS_PER_SECOND * (SECONDS_BEFORE + 1) :])
    record_property("median call while up, µs", while_up / 1e3)
    record_property("median call while away, µs", while_away / 1e3)
    record_property("grown by, MiB", measured["grown_mib"])
    record_property("delivered twice", len(numbers) - RECORDS)

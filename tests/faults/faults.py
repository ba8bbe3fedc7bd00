"""The faults, each as a context: what it does to the stack while it lasts, and how it ends."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from bench.load import far_too_much
from stack.docker.endpoints import endpoints
from stack.stores.loki import Loki
from tests.faults.containers import Containers
from tests.faults.disks import filled
from tests.faults.flood import SUSTAINABLE, Flood
from tests.faults.form import Form
from tests.faults.wal import segments, wait_until_replaced

PEOPLE = 20
WORST_QUERIES = (
    '{service_name=~".+"} |~ "(?i).*(a+b+)+never.*"',
    '{service_name=~".+"} | json | event=~".*n.*u.*m.*"',
    'sum by (level) (count_over_time({service_name=~".+"} | json [1h]))',
    'topk(10, sum by (service_name) (rate({service_name=~".+"} | json [1h])))',
)
# A full record of 1,000 bytes by its header (type, length, checksum), of which four are there.
HALF_A_RECORD = bytes([1, 0x03, 0xE8, 0, 0, 0, 0]) + b"half"

# Queries take what memory there is within seconds; a busy machine has room.
KILLED_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and who has to start again because of it."""

    name: str
    happen: Callable[[Containers, Form], None]
    restarts: Callable[[Containers], set[str]] = lambda _containers: set()


def only(*services: str) -> Callable[[Containers], set[str]]:
    """These services start again, and no other."""
    return lambda _containers: set(services)


def everybody(containers: Containers) -> set[str]:
    """Every service starts again."""
    return set(containers.services)


def killed(*services: str) -> Callable[[Containers, Form], None]:
    """Kill -9; the restart policy of docker-compose.yml is what brings them back."""
    return lambda containers, _form: containers.kill(*services)


def killed_one_after_the_other(containers: Containers, _form: Form) -> None:
    """Loki first, so that the Collector dies with a queue."""
    containers.kill("loki")
    time.sleep(1)
    containers.kill("otel-collector")


def everything_killed(containers: Containers, _form: Form) -> None:
    """Every process of the stack at once."""
    containers.kill(*containers.services)


def lasting(
    trouble: Callable[[Containers], AbstractContextManager[None]], seconds: Callable[[Form], float]
) -> Callable[[Containers, Form], None]:
    """A trouble that lasts for as many seconds as the form says."""

    def happen(containers: Containers, form: Form) -> None:
        with trouble(containers):
            time.sleep(seconds(form))

    return happen


@contextmanager
def disk_full(containers: Containers, service: str, target: str) -> Iterator[None]:
    """Not one free block on the volume that the service sees at `target`."""
    with filled(containers.volume(service, target)):
        yield


def loki_killed_after_its_volume_was_full(containers: Containers, form: Form) -> None:
    """What Loki took while its disk was full, and since, has to be in its write-ahead log all the same."""
    with disk_full(containers, "loki", "/loki"):
        time.sleep(form.outage_seconds)
    time.sleep(form.outage_seconds)
    containers.kill("loki")


def loki_killed_again_after_half_a_record(containers: Containers, _form: Form) -> None:
    """A kill in the middle of a write leaves half a record behind, at which each later replay ends.

    What Loki takes afterwards is safe once a checkpoint has replaced the file with that half.
    """
    log = containers.volume("loki", "/loki") / "wal"
    cut_off = max(segments(log))
    with cut_off.open("ab") as segment:
        containers.kill("loki")
        segment.write(HALF_A_RECORD)
    wait_until_replaced(log, {cut_off})
    containers.kill("loki")


def heavy_queries(_containers: Containers, form: Form) -> None:
    """Queries that read and parse every line, by several people at once, while as many lines come in as Loki takes."""
    ended = time.monotonic() + form.outage_seconds
    ask_heavily(lambda: time.monotonic() >= ended)


def ask_heavily(enough: Callable[[], bool]) -> None:
    """Four people at a time, until it is `enough`. Whether they get an answer is not the question here."""
    at = endpoints()
    everything = 'sum by (level) (count_over_time({service_namespace="integr8scode"} | json [4h]))'
    with Flood(at.otlp_http, rate=SUSTAINABLE), ThreadPoolExecutor() as people:
        while not enough():
            wait([people.submit(Loki(at.loki).query, everything) for _ in range(4)])


def worst_queries(_containers: Containers, form: Form) -> None:
    """Twenty people ask over 30 days what costs most: each gets a result or a reason, and nobody waits for ever."""
    at = endpoints()
    with Flood(at.otlp_http, rate=SUSTAINABLE), ThreadPoolExecutor(PEOPLE) as people:
        time.sleep(form.outage_seconds)
        now_ns = time.time_ns()
        questions = WORST_QUERIES * (PEOPLE // len(WORST_QUERIES))
        answers = list(people.map(lambda logql: far_too_much.ask(at.loki, logql, now_ns), questions))
    silent = [answer.url for answer in answers if not answer.text]
    assert not silent, f"no result and no reason: {silent}"


def heavy_queries_in_little_memory(containers: Containers, _form: Form) -> None:
    """The same with little more memory than Loki has at rest, until the kernel has killed it."""
    before = containers.restarts()["loki"]
    give_up_at = time.monotonic() + KILLED_WITHIN_SECONDS
    with containers.squeezed("loki"):
        ask_heavily(lambda: containers.restarts()["loki"] > before or time.monotonic() > give_up_at)


FAULTS = (
    Fault("Loki killed (-9)", killed("loki"), restarts=only("loki")),
    Fault("Collector killed (-9)", killed("otel-collector"), restarts=only("otel-collector")),
    Fault("Jaeger killed (-9)", killed("jaeger"), restarts=only("jaeger")),
    Fault("VictoriaMetrics killed (-9)", killed("victoria-metrics"), restarts=only("victoria-metrics")),
    Fault("Redis killed (-9)", killed("redis"), restarts=only("redis")),
    Fault("Loki, then the Collector killed (-9)", killed_one_after_the_other, restarts=only("loki", "otel-collector")),
    Fault("Loki frozen", lasting(lambda c: c.paused("loki"), lambda form: form.pause_seconds)),
    Fault("Loki cut off the network", lasting(lambda c: c.cut_off("loki"), lambda form: form.outage_seconds)),
    Fault("Jaeger cut off the network", lasting(lambda c: c.cut_off("jaeger"), lambda form: form.outage_seconds)),
    Fault(
        "Collector's volume full",
        lasting(lambda c: disk_full(c, "otel-collector", "/var/lib/otelcol"), lambda form: form.outage_seconds),
    ),
    Fault("Loki's volume full, then Loki killed (-9)", loki_killed_after_its_volume_was_full, restarts=only("loki")),
    Fault("Loki killed (-9) in a write, then again", loki_killed_again_after_half_a_record, restarts=only("loki")),
    Fault("a heavy query while lines come in", heavy_queries),
    Fault("the worst queries, by 20 people at once", worst_queries),
    Fault("Loki's memory limit hit by a query", heavy_queries_in_little_memory, restarts=only("loki")),
    Fault("everything killed (-9)", everything_killed, restarts=everybody),
)

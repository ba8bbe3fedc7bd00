"""Logs, traces and metrics are kept for 720 hours, as each store shows by what it does with old data.

The stores run with the project's own configuration. What is shortened is only how often Loki looks: every few seconds
instead of every ten minutes, without the two hours of grace before a chunk is deleted.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from stack.backup import volumes
from stack.docker import compose
from stack.docker.endpoints import endpoints
from stack.stores.exposed_metrics import ExposedMetrics
from stack.stores.loki import Loki
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.retention.conftest import command_of, write_override
from tests.support.eventually import eventually
from tests.support.jaeger import Jaeger
from tests.support.own_project import own_project, run_compose, up
from tests.support.spans import span, stored

PROJECT = "integr8scode-retention"
JAEGER_OTLP_PORT = "JAEGER_OTLP_PORT"
DAY_SECONDS = 86_400
RETENTION_SECONDS = 720 * 3600
LOKI_CLOCKS = [
    "-compactor.compaction-interval=5s",
    "-compactor.retention-delete-delay=1s",
    # Its own index files, which a query also reads, are let go after three of these instead of 20 minutes.
    "-tsdb.shipper.resync-interval=3s",
    "-store.index-cache-validity=1s",
    # A line that is still in the write-ahead log at a restart would be stored, and have to be deleted, once more.
    "-ingester.checkpoint-duration=2s",
    # Old lines come in as if they had been sent in their time.
    "-validation.reject-old-samples=false",
]
CHUNKS_DELETED = "loki_boltdb_shipper_retention_sweeper_chunk_deleted_duration_seconds_count"
OF_RETENTION = {"from": "filesystem_2026-01-01", "status": "success"}
CHECKPOINTS = "loki_ingester_checkpoint_creations_total"
# Days. 30.1 and 29.9 share a table of Loki's index: the compactor has to cut inside it.
EXPIRED = (31.0, 30.1)
KEPT = (29.9, 29.0, 0.0)
LINES = 50


@pytest.fixture(scope="module", autouse=True)
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    services = {
        "loki": {"command": [*command_of("loki"), *LOKI_CLOCKS]},
        "jaeger": {"ports": [f"127.0.0.1:${{{JAEGER_OTLP_PORT}}}:4318"]},
    }
    clocks = write_override(tmp_path_factory.mktemp("retention") / "clocks.yml", {"services": services})
    with own_project(PROJECT, clocks, ports=[JAEGER_OTLP_PORT]):
        up("loki", "jaeger", "victoria-metrics")
        yield


@pytest.fixture(scope="module")
def jaeger_otlp(stores: None) -> str:  # noqa: ARG001 - chooses the port
    """Where Jaeger takes spans; docker-compose.yml does not publish it, because the Collector is the one door."""
    return f"http://127.0.0.1:{os.environ[JAEGER_OTLP_PORT]}"


@pytest.fixture(scope="module", autouse=True)
def aged_lines(stores: None) -> float:  # noqa: ARG001 - has to run
    """Lines of every age, on disk and in the index; returns the time that ages count from.

    The restart is what writes the index (otherwise every 15 minutes). It also shows that retention survives one.
    """
    now = time.time()
    streams = [
        {
            "stream": {"service_name": "retention", "age": str(age)},
            "values": [
                [str(int((now - age * DAY_SECONDS) * 1e9) + number), f"line {number}"] for number in range(LINES)
            ],
        }
        for age in (*EXPIRED, *KEPT)
    ]
    requests.post(f"{endpoints().loki}/loki/api/v1/push", json={"streams": streams}, timeout=10).raise_for_status()
    requests.post(f"{endpoints().loki}/flush", timeout=30).raise_for_status()
    checkpoints = ExposedMetrics.of(endpoints().loki).total(CHECKPOINTS)
    eventually(
        lambda: ExposedMetrics.of(endpoints().loki).total(CHECKPOINTS),
        # The first one may have begun before the lines were flushed.
        lambda created: created >= checkpoints + 2,
        sent="lines of every age, flushed",
        components=("loki",),
    )
    run_compose("restart", "loki")
    return now


def test_traces_are_stored_with_an_expiry_of_720_hours(jaeger_otlp: str) -> None:
    """The end of life is in Badger's file, right in front of the span's key: five bytes of a varint."""
    before = time.time()
    trace_id = _send_span(jaeger_otlp)
    volume = next(volume for volume in volumes.of_project(compose.project()) if volume.key == "jaeger_data")
    with volume.packed() as files:
        content = files.read()
    key = content.index(b"\x80" + bytes.fromhex(trace_id))
    expires_at = sum((byte & 0x7F) << (7 * position) for position, byte in enumerate(content[key - 5 : key]))
    assert before + RETENTION_SECONDS - 1 <= expires_at <= time.time() + RETENTION_SECONDS


def test_traces_vanish_when_they_expire_and_only_then(jaeger_otlp: str, tmp_path: Path) -> None:
    """The same store, started again with a shorter life for what comes next."""
    kept = _send_span(jaeger_otlp)
    shortened = [argument.replace("span-store-ttl=720h", "span-store-ttl=8s") for argument in command_of("jaeger")]
    assert shortened != command_of("jaeger")
    override = write_override(tmp_path / "short-life.yml", {"services": {"jaeger": {"command": shortened}}})
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMPOSE_FILE", f"{compose.environment()['COMPOSE_FILE']}:{override}")
        up("jaeger")
        short_lived = _send_span(jaeger_otlp)
        eventually(
            lambda: Jaeger(endpoints().jaeger).trace(short_lived),
            lambda trace: trace is None,
            sent=f"span {short_lived} with 8 s to live",
            components=("jaeger",),
        )
        assert Jaeger(endpoints().jaeger).trace(kept) is not None


def test_metrics_are_kept_for_30_days() -> None:
    now = time.time()
    at = VictoriaMetrics(endpoints().victoria_metrics)
    ages = (*EXPIRED, *KEPT)
    samples = "\n".join(f'retention{{age="{age}"}} 1 {int((now - age * DAY_SECONDS) * 1000)}' for age in ages)
    requests.post(f"{at.url}/api/v1/import/prometheus", samples, timeout=10).raise_for_status()

    def ages_found() -> set[float]:
        found = at.query("last_over_time(retention[40d])")
        return {float(series["metric"]["age"]) for series in found}

    eventually(ages_found, lambda found: found == set(KEPT), sent=samples, components=("victoria-metrics",))
    assert ExposedMetrics.of(at.url).total("vm_rows_ignored_total", reason="small_timestamp") == len(EXPIRED)


def test_lines_older_than_720_hours_are_deleted_and_younger_ones_stay(aged_lines: float) -> None:
    loki = Loki(endpoints().loki)

    def lines_of(age: float) -> int:
        at = int((aged_lines - age * DAY_SECONDS) * 1e9)
        return len(loki.lines(f'{{service_name="retention", age="{age}"}}', start_ns=at - 10**9, end_ns=at + 10**9))

    eventually(
        lambda: {age: lines_of(age) for age in (*EXPIRED, *KEPT)},
        lambda found: found == dict.fromkeys(EXPIRED, 0) | dict.fromkeys(KEPT, LINES),
        sent=f"{LINES} lines of each age",
        components=("loki",),
        # What it asks for lines is renewed every minute: its own index files go in the second round.
        within=170,
    )
    eventually(
        lambda: ExposedMetrics.of(endpoints().loki).total(CHUNKS_DELETED, **OF_RETENTION),
        lambda deleted: deleted == len(EXPIRED),
        sent="one chunk of each age",
        components=("loki",),
        within=120,
    )


def _send_span(otlp: str) -> str:
    """Store one span and return its trace id."""
    return stored(otlp, Jaeger(endpoints().jaeger), "retention", span("retention"))

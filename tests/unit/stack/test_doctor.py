"""What the doctor makes of answers that a healthy stack does not give. That it asks is tried in tests/smoke."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from app.events.streams import Stream
from stack.doctor.container_state import of_container
from stack.doctor.event_streams import KEPT, of_waiting, waiting
from stack.doctor.examine import told
from stack.doctor.finding import Finding
from stack.doctor.grafana_state import of_data_sources, without_container
from stack.doctor.memory_use import Use, available_bytes, of_containers, of_machine
from stack.doctor.redis_state import fields, of_info
from stack.failure import StepError
from stack.paths import COMPOSE_FILE
from stack.units import MIB

RUNNING = {"Status": "running", "ExitCode": 0, "OOMKilled": False}
WELL = {
    "rdb_last_bgsave_status": "ok",
    "aof_last_write_status": "ok",
    "aof_last_bgrewrite_status": "ok",
    "used_memory": "10",
    "maxmemory": "100",
}


def described(state: dict[str, Any], *, restarts: int = 0) -> dict[str, Any]:
    """A container as the engine describes it, with a limit of 128 MiB."""
    host = {"Memory": 128 * MIB, "RestartPolicy": {"Name": "always"}}
    return {"Id": "none", "State": RUNNING | state, "HostConfig": host, "RestartCount": restarts}


def test_a_container_killed_for_memory_names_its_limit_and_where_it_stands() -> None:
    finding = of_container("jaeger", described({"Status": "exited", "OOMKilled": True}))

    assert finding.found == "was killed for memory"
    assert "mem_limit of jaeger in docker-compose.yml (128 MiB now)" in finding.remedy


def test_a_restarted_container_may_have_been_killed_for_memory() -> None:
    finding = of_container("jaeger", described({}, restarts=3))

    assert finding.found == "runs, after 3 restarts"
    assert "mem_limit of jaeger" in finding.remedy


def test_a_container_that_runs_needs_nothing() -> None:
    assert of_container("jaeger", described({})) == Finding("jaeger", "runs")


def test_each_container_near_its_limit_is_told() -> None:
    uses = [Use("loki", 0.96, 256 * MIB), Use("redis", 0.97, 128 * MIB), Use("backend", 0.3, 160 * MIB)]

    found = list(of_containers(uses))

    assert [finding.found for finding in found] == ["loki uses 96% of its 256 MiB", "redis uses 97% of its 128 MiB"]
    assert "mem_limit of loki in docker-compose.yml (256 MiB now)" in found[0].remedy


def test_where_none_is_near_its_limit_the_nearest_is_named() -> None:
    (finding,) = of_containers([Use("loki", 0.6, 256 * MIB), Use("backend", 0.3, 160 * MIB)])

    assert finding == Finding("memory", "loki is nearest to its limit, with 60% of 256 MiB")


@pytest.mark.parametrize(("available", "enough"), [(99, False), (100, True)])
def test_the_machine_needs_what_one_container_may_still_take(available: int, *, enough: bool) -> None:
    finding = of_machine([Use("loki", 0.5, 200 * MIB), Use("redis", 0.5, 128 * MIB)], available * MIB)

    assert (finding.remedy == "") is enough
    assert finding.remedy.startswith("" if enough else "loki may take 100 MiB more")


@pytest.mark.parametrize(("available", "enough"), [(1200, True), (700, False)])
def test_a_laptop_with_a_browser_open_is_no_fault_until_a_flood_of_spans_would_not_fit(
    available: int, *, enough: bool
) -> None:
    services = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    limits = {name: int(service["mem_limit"].removesuffix("m")) * MIB for name, service in services.items()}
    idle = [Use(name, 0.2, limit) for name, limit in limits.items()]

    assert (of_machine(idle, available * MIB).remedy == "") is enough


def test_available_memory_is_read_as_the_kernel_writes_it() -> None:
    assert available_bytes("MemTotal:  24684084 kB\nMemAvailable:   2048 kB\nHugePages_Total:  0\n") == 2 * MIB


def test_redis_is_well() -> None:
    assert [finding.remedy for finding in of_info(WELL)] == ["", "", ""]


@pytest.mark.parametrize("field", ["rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"])
def test_redis_that_could_not_write_names_what_failed(field: str) -> None:
    (finding,) = [finding for finding in of_info(WELL | {field: "err"}) if finding.remedy]

    assert finding.found == f"could not write to its disk ({field})"


def test_redis_that_is_nearly_full_is_told_before_it_refuses() -> None:
    (finding,) = [finding for finding in of_info(WELL | {"used_memory": "80"}) if finding.remedy]

    assert finding.found == "80% of its maxmemory is used"


def test_fields_of_redis_are_read_without_headings() -> None:
    assert fields("# Memory\r\nused_memory:10\r\n\r\n") == {"used_memory": "10"}


@pytest.mark.parametrize(
    ("answer", "events"),
    [
        ('[{"name":"pod-monitor","consumers":1,"pending":2,"entries-read":5,"lag":3}]', 5),
        # The server has lost count.
        ('[{"name":"pod-monitor","consumers":1,"pending":2,"entries-read":null,"lag":null}]', 2),
        ("[]", 0),
        ('error:"ERR no such key"', 0),
    ],
)
def test_what_is_not_read_or_not_acknowledged_waits(answer: str, events: int) -> None:
    assert waiting(answer) == events


def test_a_worker_that_does_not_keep_up_is_named_before_events_are_dropped() -> None:
    assert of_waiting(dict.fromkeys(Stream, 0)) == Finding("events", "none wait")
    assert of_waiting({Stream.PODS: 3, Stream.REPLAYS: 0}).remedy == ""

    finding = of_waiting({Stream.PODS: KEPT // 2, Stream.REPLAYS: 3})
    assert finding.found.startswith(f"{KEPT // 2} wait for pod-monitor")
    assert "make logs SERVICE=pod-monitor" in finding.remedy


def test_grafana_without_an_image_is_told_and_is_no_fault() -> None:
    finding = without_container("grafana/grafana:1", image_is_here=False)

    assert "its image grafana/grafana:1 could not be had" in finding.found
    assert finding.remedy == ""


def test_grafana_that_could_run_is_a_fault() -> None:
    assert without_container("grafana/grafana:1", image_is_here=True).remedy == "`make up` starts it."


def test_a_data_source_that_grafana_lacks_is_named() -> None:
    finding = of_data_sources({"loki", "jaeger"}, {"loki", "a-person's-own"})

    assert finding.found == "has no data source jaeger"
    assert finding.remedy


@pytest.mark.parametrize("error", [requests.ConnectionError("refused"), StepError("asking Redis", "silent", "Wait.")])
def test_what_does_not_answer_is_a_finding_under_its_own_name(error: Exception) -> None:
    def look() -> Iterator[Finding]:
        yield Finding("never", "told")
        raise error

    (finding,) = told("redis", look)

    assert finding.subject == "redis"
    assert "can't be seen" in finding.found
    assert finding.remedy

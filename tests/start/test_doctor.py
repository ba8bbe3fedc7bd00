"""The doctor on a project of its own whose parts are ill in ways that the engine and Redis themselves report."""

from collections.abc import Iterator

import pytest

from stack.docker import compose
from stack.doctor.examine import examine
from stack.doctor.finding import Finding
from tests.support.eventually import eventually
from tests.support.own_project import own_project, run_compose

# The application's image stands in for what is to be killed or to fail: Grafana's is not on every machine.
ILL = """
services:
  redis:
    # Its root can't be written to, so no snapshot can.
    command: valkey-server --dir / --protected-mode no --maxmemory 1mb
  k8s-worker:
    restart: "no"
    command: ["python", "-c", "b'x' * 2**30"]
    depends_on: !reset {}
  grafana:
    image: integr8scode/app:local
    pull_policy: never
    profiles: !override [observability]
    user: "10001:10001"
    command: ["sh", "-c", "echo its database is locked; exit 1"]
    depends_on: !reset {}
    volumes: !reset []
"""


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Finding]]:
    """What the doctor says once all three are as ill as they get."""
    override = tmp_path_factory.mktemp("ill") / "ill.yml"
    override.write_text(ILL)
    with own_project("integr8scode-ill", override):
        run_compose("up", "--detach", "--no-build", "redis", "k8s-worker", "grafana")
        snapshot = eventually(_snapshot, lambda answer: "started" in answer, sent="BGSAVE", components=("redis",))
        ill = ("redis", "k8s-worker", "grafana")
        yield eventually(lambda: list(examine()), _all_told, sent=snapshot, components=ill)


def _snapshot() -> str:
    return compose.compose("exec", "-T", "redis", "valkey-cli", "bgsave").stdout


def _all_told(found: list[Finding]) -> bool:
    told = " ".join(finding.found for finding in found)
    return all(words in told for words in ("killed for memory", "its disk (rdb", "database is locked"))


def test_a_container_killed_for_memory_is_told_with_its_limit(findings: list[Finding]) -> None:
    (finding,) = [finding for finding in findings if finding.subject == "k8s-worker"]

    assert finding.found == "was killed for memory"
    assert "mem_limit of k8s-worker in docker-compose.yml (160 MiB now)" in finding.remedy


def test_redis_that_can_not_write_is_told(findings: list[Finding]) -> None:
    (finding,) = [finding for finding in findings if "its disk" in finding.found]

    assert finding.found == "could not write to its disk (rdb_last_bgsave_status)"


def test_redis_near_its_maxmemory_is_told(findings: list[Finding]) -> None:
    (finding,) = [finding for finding in findings if "maxmemory" in finding.found]

    assert finding.subject == "redis"
    assert "--maxmemory" in finding.remedy


def test_grafana_that_starts_again_and_again_is_told_with_its_last_words(findings: list[Finding]) -> None:
    # While it runs for a moment it is also told that it does not answer.
    (finding,) = [finding for finding in findings if "its log ends with" in finding.found]

    assert finding.subject == "grafana"
    assert finding.found.endswith("its log ends with: its database is locked")
    assert finding.remedy


def test_what_does_not_run_at_all_is_told_and_hides_nothing(findings: list[Finding]) -> None:
    subjects = {finding.subject for finding in findings if finding.remedy}

    silent = {"loki", "otel-collector", "jaeger", "victoria-metrics", "backend"}
    assert silent | {"services", "Collector", "scraping", "disk"} <= subjects

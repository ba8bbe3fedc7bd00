"""The terminal's way from a line to its trace and back, without Grafana."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from app.core.service_names import ServiceName
from bench.load.otlp import Record, send_http_protobuf
from stack.docker.endpoints import Endpoints
from stack.paths import ROOT
from stack.stores.loki import Loki
from tests.smoke.conftest import lines_of
from tests.smoke.test_application import THE_WAY
from tests.support.backend import Execution
from tests.support.eventually import eventually
from tests.support.next_line import next_line
from tests.support.stack_command import run_stack


@pytest.fixture(scope="module")
def stored(loki: Loki, dead_lettered: Execution) -> Execution:
    """An execution with retries and a dead letter, of which every service's lines are queryable."""
    lines_of(loki, dead_lettered, {*THE_WAY, ServiceName.DLQ_PROCESSOR})
    return dead_lettered


def test_trace_shows_every_service_with_its_lines(stored: Execution) -> None:
    def show() -> str:
        return run_stack("trace", stored.trace_id).stdout

    shown = eventually(
        show,
        lambda text: all(service in text for service in {*THE_WAY, ServiceName.DLQ_PROCESSOR}),
        sent=stored,
        components=("jaeger", "loki"),
    )
    assert f"trace {stored.trace_id}" in shown
    for event in ("Execution accepted", "Pod started", "Retry planned", "error"):
        assert event in shown


def test_an_execution_id_and_a_log_line_lead_to_the_same_trace(stored: Execution, loki: Loki) -> None:
    line = lines_of(loki, stored, {ServiceName.K8S_WORKER})[0].body

    for given in (stored.execution_id, line):
        assert f"trace {stored.trace_id}" in run_stack("trace", given).stdout, given


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "no id was given"),
        ("no-such-id", "neither Jaeger nor Loki knows no-such-id"),
        ("f" * 32, "neither Jaeger nor Loki knows"),
        ('{"event":"without ids"}', "holds no trace_id or execution_id"),
    ],
)
def test_a_bad_id_gets_a_clear_answer(given: str, told: str) -> None:
    result = run_stack("trace", given)

    assert result.returncode == 1
    assert told in result.stderr
    assert "remedy:" in result.stderr


@pytest.fixture
def tail(one_log_line: str) -> Iterator[subprocess.Popen[str]]:
    """`make tail SERVICE=smoke-sender LEVEL=warning`, once it follows."""
    del one_log_line  # makes the service known to Loki
    process = subprocess.Popen(
        [sys.executable, "-m", "stack", "tail", "--service", "smoke-sender", "--level", "warning"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert "smoke-sender" in next_line(process.stderr)
        yield process
    finally:
        # Before its output is closed: a line that never came is still waited for.
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
        process.stderr.close()


def test_tail_shows_new_lines_of_the_level_and_no_others(
    tail: subprocess.Popen[str], at: Endpoints, marker: str
) -> None:
    send_http_protobuf(at.otlp_http, Record("smoke-sender", f"{marker} quiet"))
    send_http_protobuf(at.otlp_http, Record("smoke-sender", f"{marker} loud", severity="WARN"))

    assert tail.stdout is not None
    shown = next_line(tail.stdout)

    assert f"{marker} loud" in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--service", "no-such-service"), "integr8scode-backend"),
        (("--level", "loud"), "debug, info, warning, error, critical"),
    ],
)
def test_tail_names_what_there_is(arguments: tuple[str, ...], told: str) -> None:
    result = run_stack("tail", *arguments)

    assert result.returncode == 1
    assert told in result.stderr


def test_doctor_finds_every_component_ready() -> None:
    """Its exit code may tell of a restart or a full disk on this machine, which is no failure of the doctor."""
    result = run_stack("doctor")

    for component in ("loki", "otel-collector", "jaeger", "victoria-metrics", "backend"):
        assert f"{component} is ready" in result.stdout
    for seen in ("is nearest to its limit", "available on this machine", "redis answers", "redis writes to its disk"):
        assert seen in result.stdout

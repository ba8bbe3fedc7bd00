"""Ways to break a stack. Each is a context: broken inside, repaired at its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from bench.load.otlp import Record, send_http_protobuf
from stack.docker import compose
from stack.docker.endpoints import Endpoints
from stack.process import run
from stack.stores.loki import Loki
from stack.stores.otlp_http import post
from tests.support import spans
from tests.support.backend import Backend
from tests.support.eventually import eventually
from tests.support.held_volume import held_volume
from tests.support.repeated import repeated

SECOND_NS = 10**9
# Replaces the first record of each segment of Loki's write-ahead log by one of the same length that is none of its own.
# The checksum is right: at a wrong one Loki 3.7 ends the replay without counting it.
DAMAGE = """
import pathlib, struct

def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF

segments = [file for file in pathlib.Path("/disk/wal").glob("[0-9]*") if file.stat().st_size]
assert segments, "no segment has anything in it"
for segment in segments:
    with segment.open("r+b") as file:
        _, length, _ = struct.unpack(">BHI", file.read(7))
        whole_and_not_compressed = 1
        file.seek(0)
        file.write(struct.pack(">BHI", whole_and_not_compressed, length, crc32c(bytes(length))) + bytes(length))
"""


@dataclass(frozen=True)
class BrokenStack:
    """The stack `at` its endpoints, and two more that a user's stack does not have.

    `unrepaired` takes logs past the processors that repair them, `jaeger_otlp` takes spans past the Collector.
    """

    at: Endpoints
    unrepaired: str
    jaeger_otlp: str

    @contextmanager
    def crash_loop(self) -> Iterator[None]:
        """Jaeger starts three more times, often enough apart to be scraped in between."""
        container = compose.compose("ps", "--quiet", "jaeger").stdout.strip()
        for _ in range(3):
            assert run(["docker", "restart", "--time", "0", container], timeout=30).returncode == 0
            self._wait_for_jaeger()
        yield

    @contextmanager
    def redis_away(self) -> Iterator[None]:
        """Redis is stopped."""
        _compose("stop", "--timeout", "2", "redis")
        try:
            yield
        finally:
            _compose("start", "redis")

    @contextmanager
    def loki_above_its_memory_limit(self) -> Iterator[None]:
        """Loki collects no garbage below 400 MiB, and gets work to do."""
        _compose("up", "--detach", "--wait", "--no-deps", "loki", LOKI_GOGC="off", LOKI_GOMEMLIMIT="400MiB")
        try:
            with repeated(self._give_loki_work):
                yield
        finally:
            _compose("up", "--detach", "--wait", "--no-deps", "loki")

    @contextmanager
    def service_that_logs_errors(self) -> Iterator[None]:
        """Ten error lines a second, and twenty in ten seconds (which stand for five minutes here) are the threshold.

        A line that is later than the ruler waits (a third of a second here) is in no count, so that a single burst can
        go unnoticed on a busy machine.
        """
        with repeated(self._send_error, every=0.1):
            yield

    def _send_error(self) -> None:
        send_http_protobuf(self.at.otlp_http, Record("erring-service", "failed", severity="ERROR"))

    @contextmanager
    def service_stopped(self) -> Iterator[None]:
        """A worker ends."""
        _compose("stop", "--timeout", "2", "dlq-processor")
        try:
            yield
        finally:
            _compose("start", "dlq-processor")

    @contextmanager
    def service_without_lines(self) -> Iterator[None]:
        """A service goes on with its work, of which spans tell, while its lines stay away."""
        with repeated(self._send_span, every=0.5):
            with repeated(self._send_line, every=0.5):
                time.sleep(5)
            yield
            with repeated(self._send_line, every=0.5):
                time.sleep(5)

    @contextmanager
    def application_cut_off(self) -> Iterator[None]:
        """The backend logs more than it can keep without a Collector, which comes back to hear of it."""
        _compose("stop", "--timeout", "2", "otel-collector")
        try:
            # Two lines each. The queue holds a hundred, and the attempt that fails has what came in before it.
            for _ in range(200):
                Backend(self.at.backend).submit("succeed")
        finally:
            _compose("start", "otel-collector")
        yield

    @contextmanager
    def loki_away_under_load(self) -> Iterator[None]:
        """Lines keep coming while Loki is stopped, until the Collector's queue is full and longer."""
        _compose("stop", "--timeout", "2", "loki")
        try:
            with repeated(lambda: _post_logs(self.at.otlp_http, _lines("flooding-service", 1000)), every=0.3):
                yield
        finally:
            _compose("up", "--detach", "--wait", "--no-deps", "loki")

    @contextmanager
    def line_that_loki_refuses(self) -> Iterator[None]:
        """A line from 1970 takes a way on which nobody mends its time."""
        send_http_protobuf(self.unrepaired, Record("old-sender", "from long ago", timestamp_ns=SECOND_NS))
        yield

    @contextmanager
    def span_that_jaeger_fails_on(self) -> Iterator[None]:
        """A span with more attributes than Badger writes at once."""
        attributes = {f"key-{number}": 1 for number in range(130_000)}
        spans.send(self.jaeger_otlp, "wide-service", spans.span("work", attributes=attributes))
        yield

    @contextmanager
    def little_room_for_metrics(self) -> Iterator[None]:
        """Something else takes a seventh of VictoriaMetrics' disk, which leaves less than 2 GiB."""
        with _disk_used("victoria-metrics", "/victoria-metrics-data", 0.15):
            yield

    @contextmanager
    def little_room_for_lines(self) -> Iterator[None]:
        """Something else takes most of Loki's disk, but not what makes Loki refuse lines (0.9)."""
        with _disk_used("loki", "/loki", 0.83):
            yield

    @contextmanager
    def index_unreadable(self) -> Iterator[None]:
        """Loki's compactor is not let into the folder with the indexes."""
        index = "'/disk/chunks/index'"
        _in_volume_of("loki", "/loki", f"import os; os.makedirs({index}, exist_ok=True); os.chmod({index}, 0)")
        try:
            yield
        finally:
            _in_volume_of("loki", "/loki", f"import os; os.chmod({index}, 0o755)")

    @contextmanager
    def write_ahead_log_damaged(self) -> Iterator[None]:
        """Loki is killed, and part of what it has to replay is no record of its own."""
        with held_volume(_volume_of("loki", "/loki")):
            # A checkpoint, every two seconds, replaces what was written before: lines keep coming until the end.
            line = Record("killed-service", "accepted")
            with repeated(lambda: send_http_protobuf(self.at.otlp_http, line), every=0.02):
                loki = Loki(self.at.loki)
                eventually(
                    lambda: loki.lines('{service_name="killed-service"}'),
                    sent=line,
                    components=("otel-collector", "loki"),
                )
                _compose("kill", "loki")
            _in_volume_of("loki", "/loki", DAMAGE)
            # Not --wait: the alert would be over before Loki's first health check.
            _compose("up", "--detach", "--no-deps", "loki")
        yield

    def _wait_for_jaeger(self) -> None:
        """Until it answers and was scraped: twice a second in time lapse."""
        url = f"{self.at.jaeger_admin}/metrics"
        eventually(lambda: requests.get(url, timeout=1).ok, sent="a restart", components=("jaeger",), within=20)
        time.sleep(1)

    def _give_loki_work(self) -> None:
        _post_logs(self.at.otlp_http, _lines("busy-service", 5000))
        query = {"query": 'sum by (event) (count_over_time({service_name="busy-service"} | json [5m]))'}
        requests.get(f"{self.at.loki}/loki/api/v1/query", params=query, timeout=20)

    def _send_line(self) -> None:
        send_http_protobuf(self.at.otlp_http, Record("half-silent-service", "still here"))

    def _send_span(self) -> None:
        spans.send(self.at.otlp_http, "half-silent-service", spans.span("work"))


def _lines(service: str, number: int) -> bytes:
    request = Record(service, "x" * 300).request()
    [records] = request.resource_logs[0].scope_logs
    [first] = records.log_records
    for offset in range(1, number):
        records.log_records.append(first)
        records.log_records[-1].time_unix_nano += offset
    return request.SerializeToString()


def _post_logs(otlp_http: str, body: bytes) -> None:
    post(f"{otlp_http}/v1/logs", body).raise_for_status()


@contextmanager
def _disk_used(component: str, folder: str, part: float) -> Iterator[None]:
    """`part` of the disk that the component sees as `folder` holds something else."""
    size = f"int(shutil.disk_usage('/disk').total * {part})"
    filler = "os.open('/disk/filler', os.O_CREAT | os.O_WRONLY)"
    _in_volume_of(component, folder, f"import os, shutil; os.posix_fallocate({filler}, 0, {size})")
    try:
        yield
    finally:
        _in_volume_of(component, folder, "import os; os.unlink('/disk/filler')")


def _in_volume_of(component: str, folder: str, program: str) -> None:
    """Run a Python program as the component's user, with its volume at /disk."""
    there = f"--volume={_volume_of(component, folder)}:/disk"
    command = ["docker", "run", "--rm", "--network=none", there, compose.APPLICATION_IMAGE, "python", "-c", program]
    result = run(command, timeout=60)
    assert result.returncode == 0, result.stdout


def _volume_of(component: str, folder: str) -> str:
    project = compose.project()
    [volume] = [
        mount["source"]
        for mount in project["services"][component]["volumes"]
        if mount["type"] == "volume" and mount["target"] == folder
    ]
    name: str = project["volumes"][volume]["name"]
    return name


def _compose(*arguments: str, **variables: str) -> None:
    result = run([*compose.command(), *arguments], env=compose.environment() | variables, timeout=120)
    assert result.returncode == 0, result.stdout

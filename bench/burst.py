"""The burst: 1.5 million lines at full speed, Loki killed in the middle, then the documented queries over them."""

import json
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from bench.load import send_lines
from stack import ladder
from stack.endpoints import Endpoints
from stack.loki import Loki
from stack.process import run

LINES = 1_500_000
BLOCK = 1000
DRAINED_WITHIN_SECONDS = 600.0
# Both sides of the Collector's queue on disk.
WATCHED = ("loki", "otel-collector")
MIB = 1024 * 1024


@dataclass(frozen=True)
class Burst:
    """What the burst did; times in seconds, memory in MiB."""

    accepted_lines_per_second: float
    loki_ready_again: float
    drained: float
    lost: int
    duplicated: int
    queries: dict[str, float]
    peak_memory: dict[str, float]
    restarts: dict[str, int]
    oom_killed: dict[str, bool]


def measure(at: Endpoints, progress: Callable[[str], None]) -> Burst:
    """Run the burst against the running stack.

    Raises:
        PermissionError: kill -9 of a container's process needs root (`docker kill` counts as a stop by hand, after
            which the restart policy does not act).
        TimeoutError: Loki did not come back, or not everything was stored in time.

    """
    service = f"bench-burst-{secrets.token_hex(4)}"
    before = _states()
    crash = _Crash(at.loki)
    with _MemoryWatch() as memory:
        began = time.monotonic()
        sent = [0]

        def on_sent(lines: int) -> None:
            sent[0] += lines
            if sent[0] == LINES // 2:
                crash.start()
            if sent[0] % 100_000 == 0:
                progress(f"{sent[0]:,} lines accepted")

        seconds = send_lines(at.otlp_http, service, LINES, on_sent)
        ready_again = crash.seconds()
        progress(f"Loki was ready {ready_again:.1f} s after kill -9")
        _wait_until_drained(at, progress)
        drained = time.monotonic() - began
        loki = Loki(at.loki)
        lost, duplicated = _compare(_stored_blocks(loki, service))
        progress(f"{LINES - lost:,} of {LINES:,} lines are stored, {duplicated:,} of them twice")
        queries = {name: _seconds(loki, query) for name, query in _queries(loki, service).items()}
    after = _states()
    return Burst(
        accepted_lines_per_second=LINES / seconds,
        loki_ready_again=ready_again,
        drained=drained,
        lost=lost,
        duplicated=duplicated,
        queries=queries,
        peak_memory=memory.peak,
        restarts={name: after[name].restarts - before[name].restarts for name in WATCHED},
        oom_killed={name: after[name].oom_killed for name in WATCHED},
    )


def _stored_blocks(loki: Loki, service: str) -> dict[str, int]:
    """Stored lines per block of a thousand numbers; a hundred blocks a query, as Loki returns at most 500 series."""
    stored: dict[str, int] = {}
    for first in range(0, LINES // BLOCK, 100):
        hundred = f"{first // 100:04d}"
        counted = loki.query(
            f'sum by (block) (count_over_time({{service_name="{service}"}} |= `"number":"{hundred}`'
            f' | regexp `"number":"(?P<block>.{{6}})` [1h]))'
        )
        stored |= {series["metric"]["block"]: int(series["value"][1]) for series in counted}
    return stored


def _compare(stored: dict[str, int]) -> tuple[int, int]:
    """Lines that are missing, and lines that are there twice, by counting each block by itself."""
    found = [stored.get(f"{block:06d}", 0) for block in range(LINES // BLOCK)]
    return sum(max(0, BLOCK - lines) for lines in found), sum(max(0, lines - BLOCK) for lines in found)


def _queries(loki: Loki, service: str) -> dict[str, str]:
    """The specification's four queries, on ids of a line of the burst."""
    line = json.loads(loki.lines(f'{{service_name="{service}"}}', limit=1)[0].body)
    everything = '{service_namespace="integr8scode"}'
    return {
        "all logs of one service": f'{{service_name="{service}"}}',
        "errors of all services": f'{everything} |= `"level":"error"`',
        "one execution": f'{everything} | json | execution_id="{line["execution_id"]}"',
        "one trace": f'{everything} | json | trace_id="{line["trace_id"]}"',
    }


def _seconds(loki: Loki, query: str) -> float:
    began = time.monotonic()
    loki.lines(query, limit=100)
    return time.monotonic() - began


def _wait_until_drained(at: Endpoints, progress: Callable[[str], None]) -> None:
    deadline = time.monotonic() + DRAINED_WITHIN_SECONDS
    shown = 0.0
    while (waiting := _queued_bytes(at)) > 0:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{waiting / MIB:.0f} MiB still wait in the Collector's queue")
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            progress(f"{waiting / MIB:.0f} MiB wait in the Collector's queue")
        time.sleep(0.5)


def _queued_bytes(at: Endpoints) -> float:
    text = requests.get(f"{at.otel_collector_metrics}/metrics", timeout=10).text
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if line.startswith("otelcol_exporter_queue_size{") and 'exporter="otlp_http/loki"' in line
    )


class _Crash:
    """Kill Loki's process as the kernel would, and time until it says it is ready again."""

    def __init__(self, loki_url: str) -> None:
        self._url = loki_url
        self._thread = threading.Thread(target=self._kill_and_wait)
        self._ready_after: float | None = None

    def start(self) -> None:
        self._thread.start()

    def seconds(self) -> float:
        """Seconds from kill -9 to ready; waits for it."""
        self._thread.join()
        if self._ready_after is None:
            raise TimeoutError("Loki was not ready again within 300 s of kill -9")
        return self._ready_after

    def _kill_and_wait(self) -> None:
        os.kill(_states()["loki"].pid, signal.SIGKILL)
        began = time.monotonic()
        while time.monotonic() - began < 300:
            time.sleep(0.2)
            try:
                if requests.get(f"{self._url}/ready", timeout=2).status_code == 200:
                    self._ready_after = time.monotonic() - began
                    return
            except requests.RequestException:
                continue


@dataclass(frozen=True)
class _State:
    pid: int
    restarts: int
    oom_killed: bool


def _states() -> dict[str, _State]:
    containers = [container for container in ladder.containers() if container["Service"] in WATCHED]
    answer = run(["docker", "inspect", *(container["Name"] for container in containers)])
    return {
        container["Service"]: _State(state["State"]["Pid"], state["RestartCount"], state["State"]["OOMKilled"])
        for container, state in zip(containers, json.loads(answer.stdout), strict=True)
    }


class _MemoryWatch:
    """Samples what the engine counts as a container's memory (without the page cache), twice a second at most."""

    def __init__(self) -> None:
        self.peak = dict.fromkeys(WATCHED, 0.0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._names = {c["Name"]: c["Service"] for c in ladder.containers() if c["Service"] in WATCHED}

    def __enter__(self) -> "_MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(0.5):
            listing = run(["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *self._names])
            for line in listing.stdout.splitlines():
                name, used, *_ = line.split()
                if name in self._names and (mib := _mib(used)) is not None:
                    service = self._names[name]
                    self.peak[service] = max(self.peak[service], mib)


def _mib(text: str) -> float | None:
    units = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0}
    unit = text[-3:]
    return float(text[:-3]) * units[unit] if unit in units else None

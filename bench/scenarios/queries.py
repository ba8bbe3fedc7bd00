"""Queries over a growing store, and the worst ones that people can type, while lines come in."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.load import far_too_much
from bench.load.senders import Senders
from bench.load.tally import tally
from bench.load.templates import LINE_BYTES, REQUEST_LINES, Template
from bench.scenario import Cases, Figures, percentile
from bench.systems.collector import wait_until_drained
from bench.systems.containers import PeakMemory
from bench.systems.running import Running
from stack.failure import StepError
from stack.stores.loki import Line, Loki

SERVICES = tuple(f"stored-{number}" for number in range(7))
EVERYTHING = '{service_namespace="integr8scode"}'
SECOND_NS = 10**9
HOUR_NS = 3600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
# What comes in while queries run: a quarter of what this stack takes.
BUSY_LINES_PER_SECOND = 5_000
PEOPLE = 20
# The volume's files move while Loki writes what it has in memory.
SETTLED_SECONDS = 20.0


@dataclass(frozen=True)
class Question:
    """A query as a person or a dashboard asks it, over the newest `range_ns` of what is stored (0: all of it)."""

    name: str
    logql: str
    range_ns: int
    parameters: tuple[tuple[str, str | int], ...] = (("limit", 100),)


@dataclass(frozen=True)
class Queries:
    """A day of lines, loaded from its beginning; questions at each of `stages` (lines stored).

    Those over the newest hour are asked `repeats` times, those over everything, which take long, `repeats_over_all`
    times. Where `worst` is given, those follow at the end, twenty at once, with lines coming in.
    """

    day_lines: int
    stages: tuple[int, ...]
    repeats: int = 20
    repeats_over_all: int = 3
    worst: tuple[str, ...] = ()

    def __call__(self, running: Running) -> Cases:
        """Load, ask, load more, ask again."""
        cases: Cases = {}
        day_ns = time.time_ns() - DAY_NS
        stored = 0
        for stage in self.stages:
            began = time.monotonic()
            newest_ns = self._load(running, day_ns, stored, stage)
            loading = stage - stored
            stored = stage
            name = f"{stage / 1e6:g} M lines"
            cases[f"{name}: storing them"] = {
                "lines/s": loading / (time.monotonic() - began),
                **_disk(running, stored),
            }
            questions = _questions(running.loki, newest_ns)
            for question in questions:
                cases[f"{name}: {question.name}"] = self._asked(running.loki, question, day_ns, newest_ns)
        if self.worst:
            with _lines_coming_in(running) as senders:
                for question in (question for question in questions if question.range_ns):
                    cases[f"{name}, more coming in: {question.name}"] = self._asked(
                        running.loki, question, day_ns, newest_ns
                    )
                senders.stop()
            cases |= self._worst(running)
        return cases

    def _load(self, running: Running, day_ns: int, first: int, last: int) -> int:
        """Send the lines numbered from `first` to `last` with their place in the day as their time; the last one's."""
        step_ns = DAY_NS // self.day_lines
        templates = [Template(service) for service in SERVICES]
        requests_ = (
            templates[number // REQUEST_LINES % len(templates)].fill(number, day_ns + number * step_ns, step_ns)
            for number in range(first, last, REQUEST_LINES)
        )
        with Senders(running.logs_url, requests_) as senders:
            senders.finish()
        wait_until_drained(running.collector_metrics)
        return day_ns + last * step_ns

    def _asked(self, loki: Loki, question: Question, day_ns: int, newest_ns: int) -> Figures:
        if question.range_ns:
            return _ask(loki, question, newest_ns - question.range_ns, newest_ns, self.repeats)
        return _ask(loki, question, day_ns, newest_ns, self.repeats_over_all)

    def _worst(self, running: Running) -> Cases:
        cases: Cases = {}
        restarts = running.containers.restarts()
        with PeakMemory(running.containers) as memory:
            for logql in self.worst:
                cases[f"{PEOPLE} at once: {logql}"] = _asked_by_many(running, logql)
        after = running.containers.restarts()
        cases["after the worst queries"] = {
            **{f"restarts of {service}": after[service] - times for service, times in restarts.items()},
            **{f"peak memory of {service} MiB": mib for service, mib in memory.mib.items()},
        }
        return cases


def _questions(loki: Loki, newest_ns: int) -> list[Question]:
    line = _some_line(loki, newest_ns)
    ids = json.loads(line.body)
    trace, execution = ids["trace_id"], ids["execution_id"]
    dashboard = (("step", "600s"),)
    return [
        Question("all logs of a service, last hour", '{service_name="stored-0"}', HOUR_NS),
        Question("all logs of a service, all", '{service_name="stored-0"}', 0),
        Question("errors of all services, last hour", f'{EVERYTHING} |= `"level":"error"`', HOUR_NS),
        Question("errors of all services, all", f'{EVERYTHING} |= `"level":"error"`', 0),
        Question("one execution, last hour", f'{EVERYTHING} | json | execution_id="{execution}"', HOUR_NS),
        Question("one execution, all", f'{EVERYTHING} | json | execution_id="{execution}"', 0),
        Question("one trace, last hour", f'{EVERYTHING} | json | trace_id="{trace}"', HOUR_NS),
        Question("one trace, all", f'{EVERYTHING} | json | trace_id="{trace}"', 0),
        Question("from Jaeger: one trace by metadata, 1 h", f'{{service_name=~".+"}} | trace_id="{trace}"', HOUR_NS),
        Question("one trace by metadata, all", f'{{service_name=~".+"}} | trace_id="{trace}"', 0),
        Question(
            "dashboard: lines by level, last hour",
            f"sum by (detected_level) (count_over_time({EVERYTHING} [60s]))",
            HOUR_NS,
            (("step", "60s"),),
        ),
        Question(
            "dashboard: lines by service, all",
            f"sum by (service_name) (count_over_time({EVERYTHING} [600s]))",
            0,
            dashboard,
        ),
    ]


def _some_line(loki: Loki, newest_ns: int) -> Line:
    """A line of the newest hour: what a person has just looked at."""
    found = loki.lines('{service_name="stored-0"}', start_ns=newest_ns - HOUR_NS // 2, end_ns=newest_ns, limit=1)
    if not found:
        raise StepError("queries", "the newest lines did not reach Loki", "`docker logs bench-loki-1` says why.")
    return found[0]


def _ask(loki: Loki, question: Question, start_ns: int, newest_ns: int, repeats: int) -> Figures:
    seconds, failed = [], 0
    for number in range(repeats):
        began = time.monotonic()
        try:
            # Each time a little later: the results cache must not answer.
            loki.query_range(question.logql, start_ns + number * SECOND_NS, newest_ns, **dict(question.parameters))
        except StepError:
            failed += 1
        seconds.append(time.monotonic() - began)
    return {"p50 s": percentile(seconds, 0.5), "p95 s": percentile(seconds, 0.95), "failed": failed}


def _asked_by_many(running: Running, logql: str) -> Figures:
    """Twenty people ask over 30 days at once, and 5,000 lines a second come in meanwhile."""
    now = time.time_ns()
    service = f"meanwhile-{now}"
    template = Template(service, size=250)
    # More than any of these queries lasts.
    requests_ = (template.fill(number) for number in range(0, BUSY_LINES_PER_SECOND * 600, 250))
    per_second = BUSY_LINES_PER_SECOND / 250
    with Senders(running.logs_url, requests_, per_second=per_second) as senders, ThreadPoolExecutor(PEOPLE) as people:
        answers = list(people.map(lambda _: _status(running.loki, logql, now), range(PEOPLE)))
        next_seconds = _ordinary_query(running.loki)
        senders.stop()
    wait_until_drained(running.collector_metrics)
    found = tally(
        running.loki, f'{{service_name="{service}"}}', senders.accepted * 250, now, time.time_ns(), step_seconds=10
    )
    seconds = [taken for _, taken in answers]
    return {
        "answered": sum(1 for status, _ in answers if status == requests.codes.ok),
        "refused with a reason": sum(1 for status, _ in answers if status not in {0, requests.codes.ok}),
        "given up by the asker": sum(1 for status, _ in answers if status == 0),
        "p50 s": percentile(seconds, 0.5),
        "worst s": max(seconds),
        "an ordinary query right afterwards s": next_seconds,
        "lines sent meanwhile": senders.accepted * 250,
        "lost lines": found.lost,
    }


def _status(loki: Loki, logql: str, now_ns: int) -> tuple[int, float]:
    began = time.monotonic()
    try:
        status = far_too_much.ask(loki.url, logql, now_ns).status_code
    except requests.RequestException:
        status = 0
    return status, time.monotonic() - began


def _ordinary_query(loki: Loki) -> float:
    """How long a person waits who asks for the newest errors; long, if Loki still works on what nobody waits for."""
    began = time.monotonic()
    # Without an answer the time says so: Loki's client gives up after two minutes.
    with suppress(StepError):
        loki.lines(f'{EVERYTHING} |= `"level":"error"`', limit=100)
    return time.monotonic() - began


def _lines_coming_in(running: Running) -> Senders:
    lines = (payload for payload in _endless(SERVICES))
    return Senders(running.logs_url, lines, per_second=BUSY_LINES_PER_SECOND / 250)


def _endless(services: tuple[str, ...]) -> Iterator[bytes]:
    templates = [Template(service, size=250) for service in services]
    number = 0
    while True:
        yield templates[number // 250 % len(templates)].fill(900_000_000 + number % 99_000_000)
        number += 250


def _disk(running: Running, lines: int) -> Figures:
    """Bytes on disk a line, once Loki has written what it still had in memory; the log for crashes is left out."""
    requests.post(f"{running.loki.url}/flush", timeout=60)
    folder = running.containers.volume("loki", "/loki")
    size = _settled(lambda: sum(_bytes(folder / name) for name in ("chunks", "tsdb-shipper-active", "index")))
    return {"bytes on disk a line": size / lines, "share of the JSON": size / lines / LINE_BYTES}


def _bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512 if path.is_file() else 0
        except FileNotFoundError:  # Loki moves its files
            continue
    return total


def _settled(measure: Callable[[], int]) -> int:
    deadline = time.monotonic() + 120
    latest, since = measure(), time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < SETTLED_SECONDS:
        time.sleep(1)
        if (size := measure()) != latest:
            latest, since = size, time.monotonic()
    return latest

"""The audit finds what Loki lacks, and nothing else; the backfill restores it, once."""

import json
import time
from datetime import UTC, datetime

from stack.audit.compare_lines import Counts
from stack.audit.container_logs import WrittenLine
from stack.audit.otlp_records import RequestBuilder
from stack.docker.endpoints import Endpoints
from stack.stores.loki import MOST_LINES, Line, Loki
from stack.stores.otlp_http import post
from stack.time_range import nanoseconds
from tests.audit.conftest import Operator
from tests.audit.subject import APPLICATION, ECHO, Subject, docker, json_line
from tests.support.eventually import eventually

PIPELINE = ("otel-collector", "loki")
# One text that the engine keeps in pieces, and one that is too long for Loki; two bytes a character.
LONG_LINES = """
from app.core.logging import setup_log_exporter, setup_logger
from app.core.settings import Settings
logger = setup_logger("INFO")
setup_log_exporter(Settings(), logger)
for size in (20_000, 300_000):
    logger.info("long", text="ж" * size)
"""
ONE_TIME = """
for number in range(1500):
    print(f'{{"timestamp":"TIME","event":"line {number}"}}')
"""


def found(*, written: int, stored: int, missing: int = 0, not_json: int = 0, duplicated: int = 0) -> Counts:
    return Counts(written, not_json, stored, missing, duplicated, only_stored=0)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def lines_of(loki: Loki, subject: Subject) -> list[Line]:
    return loki.lines(f'{{service_name="{subject.service_name}"}}', limit=MOST_LINES)


def test_lines_that_came_over_otlp_are_not_missing(subject: Subject) -> None:
    subject.run(APPLICATION, "200", otlp=True)
    assert Operator(subject).audits().counts == found(written=200, stored=200)


def test_what_was_never_sent_is_restored_once_and_only_once(subject: Subject) -> None:
    subject.run(APPLICATION, "200", otlp=True)
    subject.run(APPLICATION, "300")
    operator = Operator(subject)
    assert operator.audits().counts == found(written=500, stored=200, missing=300)
    assert operator.backfills() == 300
    assert operator.audits().counts == found(written=500, stored=500)
    assert operator.backfills() == 0


def test_a_backfilled_line_is_what_the_live_path_would_have_stored(subject: Subject, loki: Loki) -> None:
    subject.run(APPLICATION, "1", otlp=True)
    subject.run(APPLICATION, "1")
    Operator(subject).backfills()
    stored = eventually(
        lambda: lines_of(loki, subject), lambda lines: len(lines) == 2, sent="2 lines", components=PIPELINE
    )
    backfilled, live = sorted(stored, key=lambda line: line.metadata.get("backfilled", ""), reverse=True)
    fields = json.loads(backfilled.body)
    assert backfilled.labels == live.labels
    assert backfilled.timestamp_ns == nanoseconds(fields["timestamp"])
    assert backfilled.metadata["trace_id"] == fields["trace_id"]
    assert backfilled.metadata["span_id"] == fields["span_id"]
    same = ("severity_text", "severity_number", "detected_level", "scope_name", "service_version")
    assert {name: backfilled.metadata[name] for name in same} == {name: live.metadata[name] for name in same}
    assert (backfilled.metadata["backfilled"], live.metadata.get("backfilled")) == ("true", None)


def test_what_a_killed_process_took_with_it_is_restored(subject: Subject, loki: Loki) -> None:
    container = subject.start(APPLICATION, otlp=True)
    eventually(lambda: lines_of(loki, subject), sent="lines without end", components=PIPELINE)
    network = next(iter(json.loads(docker("inspect", container))[0]["NetworkSettings"]["Networks"]))
    docker("network", "disconnect", network, container)
    at_cut = docker("logs", container).count("\n")
    eventually(
        lambda: docker("logs", container).count("\n"), lambda lines: lines > at_cut + 100, sent="", components=()
    )
    docker("kill", "--signal", "KILL", container)
    docker("wait", container)

    written = {json.loads(line)["number"] for line in docker("logs", container).splitlines()}
    stored = {json.loads(line.body)["number"] for line in lines_of(loki, subject)}
    operator = Operator(subject)
    assert operator.audits().counts.missing == len(written - stored) >= 100
    assert operator.backfills() == len(written - stored)
    assert operator.audits().counts == found(written=len(written), stored=len(written))


def test_a_line_stored_twice_is_a_duplicate(subject: Subject, at: Endpoints) -> None:
    stamp = now()
    body = json_line(stamp, "twice")
    subject.run(ECHO, f"{body}\n")
    # Another observed time, as when somebody sends it by hand: Loki keeps both.
    for observed_ns in (1, 2):
        request = RequestBuilder({"service.name": subject.service_name, "service.namespace": "integr8scode"})
        request.add(WrittenLine(nanoseconds(stamp), nanoseconds(stamp) + observed_ns, body.encode(), is_json=True))
        post(f"{at.otlp_http}/v1/logs", request.build()).raise_for_status()
    assert Operator(subject).audits().counts == found(written=1, stored=2, duplicated=1)


def test_equal_lines_of_one_time_are_counted_one_by_one(subject: Subject) -> None:
    subject.run(ECHO, f"{json_line(now(), 'the same')}\n" * 3)
    operator = Operator(subject)
    assert operator.backfills() == 3
    assert operator.audits().counts == found(written=3, stored=3)


def test_more_lines_of_one_time_than_a_page_holds(subject: Subject) -> None:
    subject.run(ONE_TIME.replace("TIME", now()))
    operator = Operator(subject)
    assert operator.backfills() == 1500
    assert operator.audits().counts == found(written=1500, stored=1500)


def test_lines_that_are_not_json_are_told_apart_and_restored_with_the_engines_time(
    subject: Subject, loki: Loki
) -> None:
    text = [
        "Traceback (most recent call last):",
        "",
        "  blanks  ",
        '{"no": "timestamp"}',
        '{"broken',
        "\udcff\udcfe",
        "é",
    ]
    began_ns = time.time_ns()
    subject.run(ECHO, "\n".join([*text, json_line(now(), "json")]))
    subject.run("import sys; print('to stderr', file=sys.stderr)")
    operator = Operator(subject)
    assert operator.audits().counts == found(written=9, not_json=8, stored=0, missing=9)
    assert operator.backfills() == 9
    assert operator.audits().counts == found(written=9, not_json=8, stored=9)
    plain = [line for line in lines_of(loki, subject) if '"json"' not in line.body]
    # The engine itself replaces what is not UTF-8.
    assert {line.body for line in plain} == {*text[:5], "\ufffd\ufffd", "é", "to stderr"}
    assert all(began_ns < line.timestamp_ns < time.time_ns() for line in plain)


def test_lines_that_are_cut_on_the_way_are_not_missing(subject: Subject) -> None:
    subject.run(LONG_LINES, otlp=True)
    assert Operator(subject).audits().counts == found(written=2, stored=2)


def test_long_lines_are_restored(subject: Subject) -> None:
    subject.run(LONG_LINES)
    operator = Operator(subject)
    assert operator.backfills() == 2
    assert operator.audits().counts == found(written=2, stored=2)

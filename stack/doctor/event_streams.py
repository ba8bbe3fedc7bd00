"""The application's events in Redis: whether a worker leaves more of them waiting than its stream can keep."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.core.settings import Settings
from app.events.streams import READER, Stream
from stack.doctor.finding import Finding
from stack.doctor.redis_state import running_redis
from stack.failure import StepError
from stack.process import last_lines, run

KEPT: int = Settings.model_fields["STREAM_MAX_LENGTH"].default
# Above this share a person should look before events are dropped.
WAITING_SHARE = 0.5
# A stream that no worker has asked for yet is an error to valkey-cli, and a line like the others.
_ASK = 'for stream in "$@"; do valkey-cli --json xinfo groups "$stream"; done'
_TIMEOUT_SECONDS = 10.0


def event_streams(containers: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Findings about the streams of the container of Redis, if it runs.

    Raises:
        StepError: it does not answer.

    """
    for container in running_redis(containers):
        answer = run(["docker", "exec", container, "sh", "-c", _ASK, "sh", *Stream], timeout=_TIMEOUT_SECONDS)
        lines = answer.stdout.splitlines()
        if answer.returncode != 0 or len(lines) != len(Stream):
            raise StepError("asking Redis for its streams", last_lines(answer.stdout, 1), "Try again.")
        yield of_waiting(dict(zip(Stream, map(waiting, lines), strict=True)))


def waiting(groups: str) -> int:
    """How many events are not read or not acknowledged, from an answer to XINFO GROUPS."""
    found = json.loads(groups) if groups.startswith("[") else []
    return sum((group["lag"] or 0) + group["pending"] for group in found)


def of_waiting(events: Mapping[Stream, int]) -> Finding:
    """The stream with the most events that wait for its worker."""
    stream, most = max(events.items(), key=lambda item: item[1])
    worker = READER[stream].compose_service
    remedy = (
        ""
        if most < KEPT * WAITING_SHARE
        else f"{worker} does not keep up or hangs: `make logs SERVICE={worker}`. The stream keeps about {KEPT} events, "
        "and then drops the oldest."
    )
    return Finding("events", f"{most} wait for {worker}, the most of all workers" if most else "none wait", remedy)

"""Redis (Valkey, in fact): whether it answers, can write to its disk, and has memory left."""

from collections.abc import Iterator, Sequence
from typing import Any

from stack.doctor.finding import Finding
from stack.failure import StepError
from stack.process import last_lines, run

SERVICE = "redis"
# Streams are never dropped for room (docker-compose.yml): when this is full, new events are refused.
MEMORY_SHARE = 0.8
_TIMEOUT_SECONDS = 5.0


def redis(containers: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Findings about the container of Redis, if it runs; another state of it is told already.

    Raises:
        StepError: it does not answer.

    """
    for container in running_redis(containers):
        yield from of_info(_info(container))


def running_redis(containers: Sequence[dict[str, Any]]) -> list[str]:
    """The ids of the containers that are Redis and run."""
    return [each["ID"] for each in containers if each["Service"] == SERVICE and each["State"] == "running"]


def of_info(info: dict[str, str]) -> Iterator[Finding]:
    """Findings from the fields of Redis's INFO."""
    yield Finding(SERVICE, "answers")
    yield _persistence(info)
    yield _memory(info)


def fields(answer: str) -> dict[str, str]:
    """The fields of an answer to INFO."""
    lines = (line.partition(":") for line in answer.splitlines())
    return {name: value for name, colon, value in lines if colon}


def _persistence(info: dict[str, str]) -> Finding:
    asked = ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
    failed = [name for name in asked if info[name] != "ok"]
    if not failed:
        return Finding(SERVICE, "writes to its disk")
    return Finding(
        SERVICE,
        f"could not write to its disk ({', '.join(failed)})",
        f"It refuses new events until it can: free space. `make logs SERVICE={SERVICE}` shows why.",
    )


def _memory(info: dict[str, str]) -> Finding:
    limit = int(info["maxmemory"])
    share = int(info["used_memory"]) / limit if limit else 0.0
    remedy = (
        ""
        if share < MEMORY_SHARE
        else "When it is full it refuses new events: see which worker does not keep up, or raise --maxmemory and "
        f"mem_limit of {SERVICE} in docker-compose.yml."
    )
    return Finding(SERVICE, f"{share:.0%} of its maxmemory is used", remedy)


def _info(container: str) -> dict[str, str]:
    answer = run(["docker", "exec", container, "valkey-cli", "info", "persistence", "memory"], timeout=_TIMEOUT_SECONDS)
    info = fields(answer.stdout)
    # valkey-cli ends with 0 also when the server's answer is an error.
    if answer.returncode != 0 or "maxmemory" not in info:
        raise StepError("asking Redis", last_lines(answer.stdout, 1), f"`make logs SERVICE={SERVICE}` shows why.")
    return info

"""Data of Redis 7.4 under Valkey: refused as it is, read once docs/upgrade.md's commands have rewritten it."""

import re
from collections.abc import Iterator

import pytest

from stack.docker import compose
from stack.paths import ROOT
from tests.support.eventually import eventually
from tests.support.own_project import own_project, run_compose, up

HEADER = "REDIS"
"""What such a file begins with; four digits with the version of its format follow."""
FORMAT_OF_REDIS_7_4 = "0012"
REWRITE = ("exec", "-T", "redis", "redis-cli", "bgrewriteaof")


@pytest.fixture
def one_event() -> Iterator[None]:
    """Valkey alone, with a stream of one event."""
    with own_project("integr8scode-valkey"):
        up("redis")
        run_compose("exec", "-T", "redis", "redis-cli", "xadd", "events", "*", "kept", "yes")
        yield


@pytest.mark.usefixtures("one_event")
def test_what_redis_7_4_wrote_is_refused_with_its_version() -> None:
    before = base_file()
    run_compose(*REWRITE)
    base = eventually(base_file, lambda file: file not in {before, ""}, sent=REWRITE, components=("redis",))
    run_compose("stop", "redis")
    offset = len(HEADER)
    mark = f"printf {FORMAT_OF_REDIS_7_4} | busybox dd of=/data/appendonlydir/{base} bs=1 seek={offset} conv=notrunc"
    run_compose("run", "--rm", "--no-deps", "--entrypoint", "sh", "redis", "-c", mark)

    refused = compose.compose("run", "--rm", "--no-deps", "redis", timeout=60)
    assert refused.returncode == 1
    assert f"Can't handle RDB format version {int(FORMAT_OF_REDIS_7_4)}" in refused.stdout


@pytest.mark.usefixtures("one_event")
def test_rewritten_as_commands_it_holds_nothing_that_is_tied_to_a_version() -> None:
    section = (ROOT / "docs" / "upgrade.md").read_text().partition("## From Redis to Valkey")[2]
    commands = re.findall(r"^docker compose exec redis (.+)$", section, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        run_compose("exec", "-T", "redis", *command.split())

    base = eventually(base_file, lambda file: file.endswith(".base.aof"), sent=commands, components=("redis",))
    content = run_compose("exec", "-T", "redis", "busybox", "cat", f"/data/appendonlydir/{base}")
    assert HEADER not in content
    run_compose("restart", "redis")
    up("redis")
    assert "kept" in run_compose("exec", "-T", "redis", "redis-cli", "xrange", "events", "-", "+")


def base_file() -> str:
    """The name of the file that holds everything up to the last rewrite; empty in the moment between two."""
    files = run_compose("exec", "-T", "redis", "busybox", "ls", "/data/appendonlydir").split()
    bases = [file for file in files if ".base." in file]
    return bases[0] if len(bases) == 1 else ""

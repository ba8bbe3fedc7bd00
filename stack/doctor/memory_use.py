"""Memory: what the containers use of their limits, and whether this machine could give any of them the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.docker.inspect import inspected
from stack.doctor.finding import Finding
from stack.failure import StepError
from stack.process import last_lines, run
from stack.units import MIB

# Above this share a person should look before the kernel kills something.
MEMORY_SHARE = 0.95
MEMORY_OF_THIS_MACHINE = Path("/proc/meminfo")
# The engine measures for two seconds before it answers.
_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Use:
    """What a service's container uses of its limit, the kernel's copies of files that it can drop left out."""

    service: str
    share: float
    limit_bytes: int


def memory(containers: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Findings about running containers, as Compose lists them, and about this machine.

    Raises:
        StepError: the engine can't be asked, or a container has ended meanwhile.

    """
    uses = _measured([container for container in containers if container["State"] == "running"])
    yield from of_containers(uses)
    if MEMORY_OF_THIS_MACHINE.is_file():
        yield of_machine(uses, available_bytes(MEMORY_OF_THIS_MACHINE.read_text()))


def raise_limit(service: str, limit_bytes: int) -> str:
    """The remedy for a container whose memory is too small."""
    return f"Raise mem_limit of {service} in docker-compose.yml ({limit_bytes / MIB:.0f} MiB now), then `make up`."


def of_containers(uses: Sequence[Use]) -> Iterator[Finding]:
    """One finding for each container near its limit, or one for all when none is."""
    near = [use for use in uses if use.share >= MEMORY_SHARE]
    for use in near:
        found = f"{use.service} uses {use.share:.0%} of its {use.limit_bytes / MIB:.0f} MiB"
        yield Finding("memory", found, f"It is killed at 100%. {raise_limit(use.service, use.limit_bytes)}")
    if uses and not near:
        most = max(uses, key=lambda use: use.share)
        found = f"{most.service} is nearest to its limit, with {most.share:.0%} of {most.limit_bytes / MIB:.0f} MiB"
        yield Finding("memory", found)


def of_machine(uses: Sequence[Use], available: int) -> Finding:
    """Whether `available` bytes are enough for any one container to grow to its limit.

    They never do all at once: without the application the stack takes 250 MiB of its 1.8 GiB at 10,000 lines/s
    (docs/benchmarks.md). Asked for all of it, a laptop of 8 GB with a browser open would be called too small.
    """
    found = f"{available / MIB:.0f} MiB available on this machine"
    growth, service = max(((use.limit_bytes * (1 - use.share), use.service) for use in uses), default=(0, ""))
    if available >= growth:
        return Finding("memory", found)
    remedy = (
        f"{service} may take {growth / MIB:.0f} MiB more before its limit holds it: end other programs, or the kernel "
        "may end one of the stack's."
    )
    return Finding("memory", found, remedy)


def available_bytes(meminfo: str) -> int:
    """What the kernel could give to programs without swapping, from the text of /proc/meminfo."""
    fields = dict(line.split(":", 1) for line in meminfo.splitlines())
    return int(fields["MemAvailable"].split()[0]) * 1024


def _measured(running: Sequence[dict[str, Any]]) -> list[Use]:
    if not running:
        return []
    ids = [container["ID"] for container in running]
    answer = run(
        ["docker", "stats", "--no-stream", "--format", "{{.Container}} {{.MemPerc}}", *ids], timeout=_TIMEOUT_SECONDS
    )
    if answer.returncode != 0:
        raise StepError("measuring memory", last_lines(answer.stdout, 1), "Try again.")
    shares = dict(line.split() for line in answer.stdout.splitlines())
    limits = [description["HostConfig"]["Memory"] for description in inspected(ids)]
    return [
        Use(container["Service"], float(shares[container["ID"]].rstrip("%")) / 100, limit)
        for container, limit in zip(running, limits, strict=True)
        if limit
    ]

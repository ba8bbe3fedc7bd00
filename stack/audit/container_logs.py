"""What the project's services wrote, as the container engine keeps it.

Read with `docker logs`, which knows where each engine keeps its logs, and unpacks rotated files.
"""

import re
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

import orjson

from app.core.service_names import NAMESPACE
from stack.docker.inspect import container_ids, inspected
from stack.failure import StepError
from stack.time_range import Window, nanoseconds, rfc3339

# The engine's time before each line, always with nine digits: what `docker logs --timestamps` prints.
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")
_STAMP_BYTES = 31
# The engine stamps a line after the application did: microseconds later as a rule, later if the process or the
# engine was held up. A line that took longer than this counts as written outside the window.
_HELD_UP_SECONDS = 60
# A clock that was set back stamps the other way round.
_CLOCK_STEP_SECONDS = 5


@dataclass(frozen=True)
class Container:
    """A container of a service that sends its logs over OTLP, running or stopped."""

    id: str
    name: str
    compose_service: str
    created_ns: int
    environment: Mapping[str, str]

    @cached_property
    def resource(self) -> dict[str, str]:
        """The resource attributes that its processes send, but for those that a process draws anew at its start."""
        pairs = (pair.partition("=") for pair in self.environment.get("OTEL_RESOURCE_ATTRIBUTES", "").split(","))
        given = {key.strip(): unquote(value.strip()) for key, separator, value in pairs if separator}
        return {
            "service.namespace": NAMESPACE,
            **given,
            "service.name": self.environment["OTEL_SERVICE_NAME"],
            "container.id": self.id,
            "container.name": self.name,
        }


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line of a container log.

    `at_ns` is the time that the line has in Loki: its own `timestamp` or, for a line that is not the application's
    JSON, the engine's. `observed_ns` is always the engine's.
    """

    at_ns: int
    observed_ns: int
    body: bytes
    is_json: bool


def find_containers(project: str) -> list[Container]:
    """The containers of the Compose project that have an OTEL_SERVICE_NAME, one-off ones (`compose run`) included.

    Raises:
        StepError: no engine answers.

    """
    ids = container_ids(f"label=com.docker.compose.project={project}")
    containers = [_container(description) for description in inspected(ids)]
    return [container for container in containers if container.environment.get("OTEL_SERVICE_NAME")]


def read(container: Container, window: Window) -> Iterator[WrittenLine]:
    """The lines of `window`, in the order of the container log.

    Raises:
        StepError: the engine can't read them.

    """
    read_window = window.widened(_CLOCK_STEP_SECONDS, _HELD_UP_SECONDS)
    bounds = ("--since", rfc3339(read_window.since_ns), "--until", rfc3339(read_window.until_ns))
    for raw in _raw_lines(container, *bounds):
        for line in parse(raw):
            if line.at_ns in window:
                yield line


def oldest_ns(container: Container) -> int:
    """When the oldest line was written that rotation has left; without any, when the container was created."""
    with closing(_raw_lines(container)) as lines:
        first = next(lines, None)
    return _stamp_ns(first) if first else container.created_ns


def parse(raw: bytes) -> Iterator[WrittenLine]:
    """Undo what the engine does to a line; `raw` starts with its stamp.

    A line of more than 16 KiB comes in pieces, each with the stamp of the first. A line without an end (its process
    was killed) is followed at once by the next one's stamp.
    """
    stamp = raw[:_STAMP_BYTES]
    body = raw[_STAMP_BYTES:].replace(stamp, b"")
    line = _line(stamp, body)
    next_stamp = None if line.is_json else _STAMP.search(body)
    if next_stamp is None:
        yield line
        return
    yield _line(stamp, body[: next_stamp.start()])
    yield from parse(body[next_stamp.start() :])


def _line(stamp: bytes, body: bytes) -> WrittenLine:
    observed_ns = _stamp_ns(stamp)
    own_ns = _own_time(body)
    return WrittenLine(own_ns or observed_ns, observed_ns, body, own_ns is not None)


def _own_time(body: bytes) -> int | None:
    if not body.startswith(b"{"):
        return None
    try:
        return nanoseconds(orjson.loads(body)["timestamp"])
    except (KeyError, TypeError, ValueError):
        return None


def _stamp_ns(stamp: bytes) -> int:
    return nanoseconds(f"{stamp[:19].decode()}Z") + int(stamp[20:29])


def _raw_lines(container: Container, *bounds: str) -> Generator[bytes, None, None]:
    command = ["docker", "logs", "--timestamps", *bounds, container.id]
    # The container's stderr comes on stderr: Python's last words before the logger is up are lines as well.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        for raw in process.stdout:
            if not _STAMP.match(raw):
                raise _unreadable(container, raw.decode(errors="replace").strip())
            yield raw.removesuffix(b"\n")
    if process.returncode != 0:
        raise _unreadable(container, f"`docker logs` ended with {process.returncode}")


def _unreadable(container: Container, why: str) -> StepError:
    return StepError(
        f"reading the container log of {container.name}",
        why,
        "Try again. If it stays so, see what `docker logs` says, and that its logging driver is json-file or local.",
    )


def _container(description: dict[str, dict[str, dict[str, str]]]) -> Container:
    config = description["Config"]
    return Container(
        id=str(description["Id"]),
        name=str(description["Name"]).removeprefix("/"),
        compose_service=config["Labels"].get("com.docker.compose.service", ""),
        created_ns=nanoseconds(str(description["Created"])),
        environment=dict(pair.split("=", 1) for pair in config["Env"] or () if "=" in pair),
    )

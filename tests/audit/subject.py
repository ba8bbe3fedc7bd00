"""Containers that write what a test wants, found by the audit like any other container of the project."""

import json
import secrets
import subprocess
from dataclasses import dataclass, field

from stack.docker import compose

# Writes its argument; for exact bytes.
ECHO = "import sys; sys.stdout.buffer.write(sys.argv[1].encode('utf-8', 'surrogateescape'))"
# Logs numbered lines with the application's own logger, each in a span of its own: as many as the argument says, or
# without end.
APPLICATION = """
import itertools, sys, time
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from app.core.logging import setup_log_exporter, setup_logger
from app.core.settings import Settings
logger = setup_logger("INFO")
setup_log_exporter(Settings(), logger)
trace.set_tracer_provider(TracerProvider())
for number in range(int(sys.argv[1])) if len(sys.argv) > 1 else itertools.count():
    with trace.get_tracer("audit").start_as_current_span("numbered"):
        logger.info("numbered", number=number)
    time.sleep(0.001)
"""
# Prints lines of 360 bytes as the application writes them, their times spread over the last 50 minutes.
FLOOD = """
import datetime, sys, time
lines, minutes = int(sys.argv[1]), 50
now = int(time.time() * 1e6)
for number in range(lines):
    at = now - (lines - number) * minutes * 60_000_000 // lines
    stamp = datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).isoformat(timespec="microseconds")[:26] + "Z"
    line = f'{{"timestamp":"{stamp}","level":"info","logger":"integr8scode","event":"line","number":{number},'
    line += f'"trace_id":"{number * 2654435761 % 2**128:032x}","span_id":"{number + 1:016x}","detail":"'
    print(line + "x" * (358 - len(line)) + '"}')
"""


def docker(*arguments: str) -> str:
    """What `docker` answers, without the last newline."""
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"docker {' '.join(arguments)}: {result.stderr}"
    return result.stdout.removesuffix("\n")


@dataclass(frozen=True)
class Subject:
    """A service of its own name, written by any number of containers."""

    service_name: str = field(default_factory=lambda: f"integr8scode-audit-{secrets.token_hex(4)}")
    containers: list[str] = field(default_factory=list)

    def start(self, script: str, *arguments: str, otlp: bool = False) -> str:
        """Run `script` in a new container, with the live path to the Collector or without; returns its id."""
        project = compose.project()["name"]
        container = docker(
            *("run", "--detach", "--network", f"{project}_default"),
            *("--label", f"com.docker.compose.project={project}", "--label", "com.docker.compose.oneoff=True"),
            *("--label", f"com.docker.compose.service={self.service_name.removeprefix('integr8scode-')}"),
            *("--env", f"OTEL_SERVICE_NAME={self.service_name}", "--env", "REDIS_URL=redis://redis:6379/0"),
            *("--env", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test,service.version=1.2.3"),
            *("--env", f"OTEL_EXPORTER_OTLP_ENDPOINT={'http://otel-collector:4317' if otlp else ''}"),
            *(compose.APPLICATION_IMAGE, "python", "-c", script, *arguments),
        )
        self.containers.append(container)
        return container

    def run(self, script: str, *arguments: str, otlp: bool = False) -> str:
        """Like `start`, and wait until the script has ended well."""
        container = self.start(script, *arguments, otlp=otlp)
        assert docker("wait", container) == "0", docker("logs", container)
        return container

    def remove(self) -> None:
        """Remove the containers, and with them their logs."""
        if self.containers:
            docker("rm", "--force", *self.containers)
            self.containers.clear()


def json_line(timestamp: str, event: str, **fields: object) -> str:
    """A line as the application writes it."""
    content = {"timestamp": timestamp, "level": "info", "logger": "integr8scode", "event": event, **fields}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)

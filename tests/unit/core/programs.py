"""Small programs that tests run as processes of their own, with the project's logging set up."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[3]
DEADLINE_SECONDS = 30.0
_SETUP = """\
import asyncio, logging, os, signal, sys, threading, time, warnings
import structlog
from opentelemetry import trace
from app.core.logging import setup_log_exporter, setup_logger
from app.core.metrics import setup_metrics
from app.core.settings import Settings
from app.core.shutdown import flush_on_exit
from app.core.tracing import setup_tracing

settings = Settings()
logger = setup_logger(settings.LOG_LEVEL)
setup_log_exporter(settings, logger)
setup_tracing(settings, logger)
setup_metrics(settings, logger)
"""


@dataclass(frozen=True)
class Finished:
    """What a program left behind."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line of stdout, which has to be one JSON object."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class Program:
    """A running program; its output goes to files, so that it never waits for a reader."""

    def __init__(self, arguments: list[str], endpoint: str, environment: dict[str, str]) -> None:
        self._stdout = tempfile.TemporaryFile()  # noqa: SIM115 (`end` closes it)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (`end` closes it)
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
                "OTEL_SERVICE_NAME": "integr8scode-test",
                **environment,
            },
            stdout=self._stdout,
            stderr=self._stderr,
        )

    def wait_for_line(self, text: str) -> None:
        """Wait until a line of stdout contains `text`."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while text not in _content(self._stdout):
            assert time.monotonic() < deadline, f"{text!r} is not in {_content(self._stdout)!r}"
            assert self._process.poll() is None, _content(self._stderr)
            time.sleep(0.02)

    def end(self, signal_number: int | None = None, seconds: float = DEADLINE_SECONDS) -> Finished:
        """Wait `seconds` for the end, after sending a signal if one is given, and kill what has not ended."""
        begun = time.monotonic()
        if signal_number is not None:
            self._process.send_signal(signal_number)
        with self._stdout, self._stderr:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            took = time.monotonic() - begun
            return Finished(self._process.returncode, _content(self._stdout), _content(self._stderr), took)


def start(body: str, endpoint: str = "", **environment: str) -> Program:
    """Start a program: the setup, then `body`."""
    return Program(["-c", _SETUP + textwrap.dedent(body)], endpoint, environment)


def start_module(module: str, endpoint: str = "", **environment: str) -> Program:
    """Start a program of the application."""
    return Program(["-m", module], endpoint, environment)


def run(body: str, endpoint: str = "", **environment: str) -> Finished:
    """Run a program to its end."""
    return start(body, endpoint, **environment).end()


def _content(file: IO[bytes]) -> str:
    """Read without moving the position at which the program writes."""
    return os.pread(file.fileno(), 100_000_000, 0).decode()

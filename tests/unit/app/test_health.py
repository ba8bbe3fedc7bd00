"""The containers' health check."""

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app.health import MAX_HEARTBEAT_AGE_SECONDS, answer_problem, heartbeat_problem


def test_a_fresh_heartbeat_is_well(tmp_path: Path) -> None:
    (tmp_path / "heartbeat").touch()
    assert heartbeat_problem(tmp_path / "heartbeat") is None


def test_an_old_heartbeat_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    file.touch()
    old = file.stat().st_mtime - MAX_HEARTBEAT_AGE_SECONDS - 5
    os.utime(file, (old, old))
    assert "last heartbeat 35 s ago" in (heartbeat_problem(file) or "")


def test_no_heartbeat_is_a_problem(tmp_path: Path) -> None:
    assert "no heartbeat" in (heartbeat_problem(tmp_path / "heartbeat") or "")


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False)])
def test_the_answer_decides(status: int, well: bool) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.handle_request).start()
        assert (answer_problem(f"http://127.0.0.1:{server.server_port}/health/live") is None) is well


def test_nobody_listening_is_a_problem() -> None:
    assert "http://127.0.0.1:1/health/live" in (answer_problem("http://127.0.0.1:1/health/live") or "")


def test_the_command_exits_with_the_reason(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "app.health"],
        env={**os.environ, "HEARTBEAT_FILE": str(tmp_path / "missing")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert process.returncode == 1
    assert "no heartbeat" in process.stderr

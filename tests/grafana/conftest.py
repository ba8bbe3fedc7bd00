"""What only a real Grafana can say: the one of `make up`, or the one that GRAFANA_URL names. Skipped without one.

GRAFANA_LOG names the log of a Grafana that is no container of this project.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stack.docker import compose
from tests.support.grafana_server import Grafana


@pytest.fixture(scope="session")
def log(grafana: Grafana) -> list[dict[str, Any]]:
    """What Grafana has logged since its last start, line by line."""
    assert grafana
    file = os.environ.get("GRAFANA_LOG")
    if "GRAFANA_URL" in os.environ and not file:
        pytest.skip("GRAFANA_URL names a Grafana elsewhere; GRAFANA_LOG would name its log")
    text = (
        Path(file).read_text() if file else compose.compose("logs", "--no-color", "--no-log-prefix", "grafana").stdout
    )
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    starts = [number for number, line in enumerate(lines) if line["msg"].startswith("Starting Grafana")]
    return lines[starts[-1] :] if starts else lines

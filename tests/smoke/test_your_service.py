"""The senders of docs/your-service.md, as they are written there, reach Loki."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from stack.docker.endpoints import Endpoints
from stack.paths import ROOT
from stack.stores.loki import Line, Loki
from tests.smoke.conftest import PIPELINE
from tests.support.eventually import eventually

DOCUMENT = (ROOT / "docs/your-service.md").read_text()
BLOCKS = dict(re.findall(r"```(?:python|bash)\n# (\S+)\n((?:.*\n)*?)```", DOCUMENT))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Another project with app/core copied into it, as the document says."""
    shutil.copytree(ROOT / "app/core", tmp_path / "app/core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "app/__init__.py").touch()
    return tmp_path


def environment(at: Endpoints, service: str) -> dict[str, str]:
    """What the document exports before a start."""
    return {
        **os.environ,
        "OTEL_SERVICE_NAME": service,
        "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=shop",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{at.otlp_grpc}",
    }


@pytest.fixture
def began_ns() -> int:
    """When the test began: lines of an earlier run are older."""
    return time.time_ns()


def line_of(loki: Loki, service: str, event: str, since_ns: int) -> Line:
    """The newest line of `service` with that event."""
    query = f'{{service_name="{service}", service_namespace="shop"}} |= `{event}`'
    return eventually(lambda: loki.lines(query, start_ns=since_ns), sent=event, components=PIPELINE)[0]


def test_the_document_has_the_three_senders() -> None:
    assert set(BLOCKS) == {"shop.py", "nightly_import.py", "deploy.sh"}


def test_a_fastapi_service(project: Path, free_port: int, at: Endpoints, loki: Loki, began_ns: int) -> None:
    (project / "shop.py").write_text(BLOCKS["shop.py"].replace("8001", str(free_port)))

    service = subprocess.Popen([sys.executable, "shop.py"], cwd=project, env=environment(at, "shop"))
    try:
        answer = eventually(
            lambda: requests.get(f"http://127.0.0.1:{free_port}/orders/17", timeout=5), sent="GET", components=()
        )
        assert answer.json() == {"order_id": 17}
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=20)

    line = line_of(loki, "shop", "Order shown", began_ns)
    assert '"order_id":17' in line.body
    assert "never stored" not in line.body
    assert re.search(r'"trace_id":"\w{32}"', line.body)


def test_a_script_with_the_lines_of_its_libraries(project: Path, at: Endpoints, loki: Loki, began_ns: int) -> None:
    (project / "nightly_import.py").write_text(BLOCKS["nightly_import.py"])

    subprocess.run(
        [sys.executable, "nightly_import.py"], cwd=project, env=environment(at, "nightly-import"), check=True
    )

    assert '"rows":3' in line_of(loki, "nightly-import", "Import finished", began_ns).body
    assert '"level":"warning"' in line_of(loki, "nightly-import", "two rows were skipped", began_ns).body


def test_a_shell_script_without_any_library(project: Path, at: Endpoints, loki: Loki, began_ns: int) -> None:
    script = project / "deploy.sh"
    script.write_text(BLOCKS["deploy.sh"].replace("http://127.0.0.1:4318", at.otlp_http))

    subprocess.run(["bash", script], check=True)

    assert '"version":"1.2.3"' in line_of(loki, "deploy", "Deployed", began_ns).body

"""What the browser needs: a Grafana (see tests/support/grafana_server.py), Chromium, and something to look at."""

import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from app.core.service_names import ServiceName
from stack.endpoints import Endpoints, endpoints
from stack.loki import Loki
from stack.paths import ROOT
from tests.support.backend import Backend, Execution
from tests.support.eventually import eventually
from tests.support.grafana_server import Grafana, grafana_or_skip
from tests.support.jaeger import Jaeger

# Tall enough for every panel of a dashboard: Grafana leaves out what is not in sight.
SIZE = {"width": 1280, "height": 2200}
# A container has no user namespace for Chromium's sandbox, and little shared memory.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="session")
def at() -> Endpoints:
    return endpoints()


@pytest.fixture(scope="session")
def grafana(at: Endpoints) -> Grafana:
    return grafana_or_skip(at)


@pytest.fixture(scope="session")
def page(grafana: Grafana) -> Iterator[Page]:
    """A window in which the administrator is signed in."""
    credentials = b64encode(f"{grafana.user}:{grafana.password}".encode()).decode()
    installed = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": SIZE["width"], "height": SIZE["height"]},
            extra_http_headers={"Authorization": f"Basic {credentials}"},
        )
        context.set_default_timeout(30_000)
        yield context.new_page()
        context.close()
        browser.close()


@pytest.fixture(scope="session")
def execution(at: Endpoints, grafana: Grafana) -> Execution:
    """An execution whose lines and spans are stored."""
    assert grafana
    execution = Backend(at.backend).run("succeed")
    loki, jaeger = Loki(at.loki), Jaeger(at.jaeger)
    eventually(
        lambda: (
            loki.lines(f'{{service_name="{ServiceName.RESULT_PROCESSOR}"}} |= `{execution.execution_id}`')
            and jaeger.trace(execution.trace_id)
        ),
        sent=execution,
        components=("otel-collector", "loki", "jaeger"),
    )
    return execution


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that SCREENSHOTS names, relative to the checkout's root, or a temporary one."""
    named = os.environ.get("SCREENSHOTS")
    return ROOT / named if named else tmp_path_factory.mktemp("screenshots")

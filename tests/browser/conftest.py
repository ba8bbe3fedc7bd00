"""What the browser needs: a Grafana (see tests/support/grafana_server.py), Chromium, and something to look at."""

import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from app.core.service_names import ServiceName
from stack.docker.endpoints import Endpoints
from stack.paths import ROOT
from stack.stores.loki import Loki
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.support.backend import Backend, Execution
from tests.support.eventually import eventually
from tests.support.grafana_server import Grafana
from tests.support.jaeger import Jaeger
from tests.support.stored_metrics import wait_for_every_service

# Tall enough for every panel of a dashboard: Grafana leaves out what is not in sight.
SIZE = {"width": 1280, "height": 2200}
PATIENCE_MS = 30_000
# A container has no user namespace for Chromium's sandbox, and little shared memory.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="session")
def signed_in(grafana: Grafana) -> Iterator[BrowserContext]:
    """A browser in which the administrator is signed in."""
    credentials = b64encode(f"{grafana.user}:{grafana.password}".encode()).decode()
    installed = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": SIZE["width"], "height": SIZE["height"]},
            extra_http_headers={"Authorization": f"Basic {credentials}"},
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield context
        context.close()
        browser.close()


@pytest.fixture
def page(signed_in: BrowserContext) -> Iterator[Page]:
    """A window of its own for each test."""
    page = signed_in.new_page()
    yield page
    page.close()


@pytest.fixture(scope="session")
def given_up(at: Endpoints, grafana: Grafana) -> Execution:
    """An execution that was given up, after one that succeeded and was replayed: every service has worked by then."""
    assert grafana
    backend = Backend(at.backend)
    backend.replay(backend.run("succeed"))
    given_up = backend.run("always-fail")
    wait_until_stored(given_up, ServiceName.DLQ_PROCESSOR, at)
    wait_for_every_service(VictoriaMetrics(at.victoria_metrics))
    return given_up


@pytest.fixture(scope="session")
def execution(at: Endpoints, given_up: Execution) -> Execution:
    """An execution that succeeded, and whose lines and spans are stored."""
    assert given_up
    execution = Backend(at.backend).run("succeed")
    wait_until_stored(execution, ServiceName.RESULT_PROCESSOR, at)
    return execution


def wait_until_stored(execution: Execution, last: ServiceName, at: Endpoints) -> None:
    """Wait until Loki has a line of the last service that an execution passes, and Jaeger its trace."""
    loki, jaeger = Loki(at.loki), Jaeger(at.jaeger)
    eventually(
        lambda: (
            loki.lines(f'{{service_name="{last}"}} |= `{execution.execution_id}`') and jaeger.trace(execution.trace_id)
        ),
        sent=execution,
        components=("otel-collector", "loki", "jaeger"),
    )


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that SCREENSHOTS names, relative to the checkout's root, or a temporary one."""
    named = os.environ.get("SCREENSHOTS")
    return ROOT / named if named else tmp_path_factory.mktemp("screenshots")

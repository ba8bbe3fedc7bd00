"""What these tests need: the images of `make up`. They work on copies of the checkout and on projects of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stack.paths import ROOT

Stack = Callable[..., subprocess.CompletedProcess[str]]
PARTS = (
    ".env",
    "docker-compose.yml",
    "docker-compose.from-source.yml",
    "otel-collector-config.yaml",
    "app",
    "docs",
    "grafana",
    "jaeger",
    "loki",
    "otel-collector",
    "stack",
    "victoria-metrics",
)


def run_stack(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of the operator's commands in `checkout` as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "stack", *arguments],
        cwd=checkout,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the checkout that may be broken."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            # What another run compiles meanwhile has a name that lasts for a moment.
            shutil.copytree(source, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / part)
    return tmp_path

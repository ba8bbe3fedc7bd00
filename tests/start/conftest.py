"""What these tests need: the images of `make up`. They work on copies of the checkout and on projects of their own."""

import shutil
from pathlib import Path

import pytest

from stack.paths import ROOT

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

"""Where a registry has the images: both ways to start pull them, on an engine that has none, and everything works.

The registry is a mirror of Docker Hub; nothing else can be reached from there. In the place of Grafana is a stand-in,
so what is asked of Grafana itself is left out.
"""

import sys
from pathlib import Path

import pytest

from stack.docker import compose
from stack.docker.inspect import image_id
from tests.registry.checkout import run_inside, with_tools
from tests.registry.compiled import BUILDX
from tests.support.own_engine import OwnEngine


@pytest.mark.usefixtures("mirror")
def test_make_up_pulls_and_starts_everything_and_the_smoke_test_passes(checkout: Path) -> None:
    with_tools(checkout)

    started = run_inside(checkout, "make", "up")

    assert started.returncode == 0, started.stdout
    assert all(image_id(image) for image in compose.official_images().values())
    assert not (checkout / ".build" / "loki").exists(), "nothing is built from source"
    smoke = [sys.executable, "-m", "pytest", "tests/smoke", "--ignore=tests/smoke/test_grafana.py"]
    passed = run_inside(checkout, *smoke)
    assert passed.returncode == 0, passed.stdout


@pytest.mark.usefixtures("mirror")
def test_plain_compose_pulls_builds_and_starts_everything_on_a_clean_clone(checkout: Path) -> None:
    up = ("docker", "compose", "--profile", "observability", "up", "--detach", "--wait")

    started = run_inside(checkout, *up)

    assert started.returncode == 0, started.stdout
    assert all(image_id(image) for image in compose.official_images().values())
    assert not (checkout / ".env").exists()
    again = run_inside(checkout, *up)
    assert again.returncode == 0, again.stdout
    assert "Building" not in again.stdout


@pytest.mark.usefixtures("mirror")
def test_the_application_builds_with_buildkit_too(checkout: Path, engine: OwnEngine) -> None:
    """The machine may have no buildx, without which Compose falls back on the classic builder, as above."""
    engine.give_client("docker-buildx", BUILDX.path())

    built = run_inside(checkout, "docker", "compose", "build", "backend", BUILDKIT_PROGRESS="plain")

    assert built.returncode == 0, built.stdout
    assert "exporting to image" in built.stdout, "a step that only BuildKit has"
    assert image_id(compose.APPLICATION_IMAGE)

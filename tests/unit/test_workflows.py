"""What the workflows rely on: targets that exist, and a way to float every pinned image."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from stack.docker import compose
from stack.paths import COMPOSE_FILE, ROOT
from tests.support.newest_images import with_newest

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SUITES = {file.parent.name for file in (ROOT / "tests").glob("*/test_*.py")}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_target_that_a_workflow_makes_exists(workflow: Path) -> None:
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    scripts = "\n".join(step.get("run", "") for job in jobs for step in job["steps"])
    matrices = [job.get("strategy", {}).get("matrix", {}).get("suite", []) for job in jobs]

    made = set(re.findall(r"\bmake ([a-z0-9-]+)", scripts))
    in_scripts = re.findall(r'\bSUITE="?([a-z0-9_ ]+)', scripts)
    suites = {
        suite for names in [*in_scripts, *(name for matrix in matrices for name in matrix)] for suite in names.split()
    }

    assert made
    assert made <= TARGETS
    assert suites
    assert suites <= SUITES


def test_every_suite_has_its_marker() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]

    assert {marker.split(":")[0] for marker in options["markers"]} >= SUITES


def test_every_pinned_release_floats_and_nothing_else_changes() -> None:
    pinned = COMPOSE_FILE.read_text()
    images = set(compose.official_images().values())

    floating = with_newest(pinned, images)

    lines = zip(pinned.splitlines(), floating.splitlines(), strict=True)
    changed = {old.strip().removeprefix("image: "): new.strip() for old, new in lines if old != new}
    assert set(changed) == images
    assert not any(re.search(r":.*\d", new.removeprefix("image: ")) for new in changed.values())

"""What the workflows rely on: targets that exist, and a way to float every pinned image."""

import re
from pathlib import Path

import pytest
import yaml

from stack import compose
from stack.paths import COMPOSE_FILE, ROOT
from tests.support.newest_images import with_newest

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_target_that_a_workflow_makes_exists(workflow: Path) -> None:
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    scripts = "\n".join(step.get("run", "") for job in jobs for step in job["steps"])
    suites = [suite for job in jobs for suite in job.get("strategy", {}).get("matrix", {}).get("suite", [])]

    made = {*re.findall(r"\bmake ([a-z0-9-]+)", scripts), *suites}

    assert made
    assert made <= TARGETS


def test_every_pinned_release_floats_and_nothing_else_changes() -> None:
    pinned = COMPOSE_FILE.read_text()
    images = compose.official_images().values()

    floating = with_newest(pinned, images)

    services = yaml.safe_load(floating)["services"]
    components = {services[name]["image"].partition(":")[::2] for name in compose.official_images()}
    assert {tag for _, tag in components if re.search(r"\d\.\d", tag)} == set()
    assert len(floating.splitlines()) == len(pinned.splitlines())
    changed = [new for old, new in zip(pinned.splitlines(), floating.splitlines(), strict=True) if old != new]
    assert all(line.strip().startswith("image: ") for line in changed)
    assert len(changed) == len([image for image in images if re.search(r":v?\d+\.\d+\.\d+$", image)])

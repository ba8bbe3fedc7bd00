"""The workflows that prove the same on public machines, with the official images."""

from stack.paths import ROOT
from stack.process import run
from tests.registry.compiled import ACTIONLINT


def test_actionlint_accepts_every_workflow() -> None:
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert workflows

    checked = run([str(ACTIONLINT.path()), *map(str, workflows)], timeout=60)

    assert checked.returncode == 0, checked.stdout

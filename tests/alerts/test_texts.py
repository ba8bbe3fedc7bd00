"""What an alert says, with all that its query returns and with nothing: expanded by Go, whose templates they are."""

import json
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from tests.alerts.rules import FILE

PROGRAM = Path(__file__).parent / "texts" / "main.go"
LABELS = {name: f"some-{name}" for name in ("job", "service_name", "error_type", "exporter", "reason", "svc", "type")}
VALUES = {"A": 1234.0, "B": 1.0}
# What a query may leave: by name, the labels and the values.
FOUND: dict[str, tuple[dict[str, str], dict[str, float]]] = {
    "all": (LABELS, VALUES),
    "no value": (LABELS, {}),
    "no label": ({}, VALUES),
    "nothing": ({}, {}),
}
Texts = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def texts() -> dict[str, Texts]:
    """What was found → uid → name of the annotation → its text."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        pytest.skip("no Go on this machine to expand the texts with")
    groups = yaml.safe_load(FILE.read_text())["groups"]
    names = [
        (found, rule["uid"], name, template)
        for found in FOUND
        for group in groups
        for rule in group["rules"]
        for name, template in rule["annotations"].items()
    ]
    tasks = [
        {"template": template, "labels": FOUND[found][0], "values": FOUND[found][1]} for found, _, _, template in names
    ]
    output = subprocess.run([go, "run", PROGRAM], input=json.dumps(tasks), capture_output=True, text=True, check=True)
    expanded: dict[str, Texts] = {found: defaultdict(dict) for found in FOUND}
    for (found, uid, name, _), text in zip(names, json.loads(output.stdout), strict=True):
        expanded[found][uid][name] = text
    return expanded


@pytest.mark.parametrize("found", FOUND)
def test_says_something_whatever_was_found(texts: dict[str, Texts], found: str) -> None:
    for uid, annotations in texts[found].items():
        for name, text in annotations.items():
            assert text.strip(), (uid, name)
            for trace in ("error:", "no value", "%!", "nil", "{{", "  "):
                assert trace not in text, (uid, name, text)


def test_says_what_was_found(texts: dict[str, Texts]) -> None:
    found = texts["all"]
    assert found["component-down"]["summary"] == "some-job is down"
    assert found["service-silent"]["description"] == "It has sent nothing for 1234s."
    assert found["queue-filling"]["summary"] == "A queue of some-exporter is filling"


def test_blames_nobody_when_victoria_metrics_is_away(texts: dict[str, Texts]) -> None:
    summary = texts["nothing"]["component-down"]["summary"]
    assert summary == "VictoriaMetrics can't be asked which parts are up"


def test_link_to_the_runbook_is_absolute(texts: dict[str, Texts]) -> None:
    for uid, annotations in texts["nothing"].items():
        assert annotations["runbook_url"] == f"http://localhost:3000/public/runbooks/{uid}.md"

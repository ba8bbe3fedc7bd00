"""An upgrade begins with a changed tag in docker-compose.yml: what was built for the old one is then out of date."""

from pathlib import Path

import pytest
import yaml

from stack.build.components import BASES, COMPONENTS
from stack.build.inputs import is_current, tagged
from stack.docker import compose
from stack.paths import COMPOSE_FILE


@pytest.mark.parametrize("component", sorted({*COMPONENTS} - {*BASES}))
def test_a_changed_tag_makes_the_built_image_out_of_date(
    component: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_for = tagged(component)
    others = {other: tagged(other) for other in COMPONENTS if other != component}
    document = yaml.safe_load(COMPOSE_FILE.read_text())
    document["services"][component]["image"] += ".1"
    changed = tmp_path / "docker-compose.yml"
    changed.write_text(yaml.safe_dump(document))
    monkeypatch.setattr(compose, "COMPOSE_FILE", changed)

    assert tagged(component) != built_for
    assert not is_current(component)
    assert {other: tagged(other) for other in others} == others, "an upgrade rebuilds one image only"

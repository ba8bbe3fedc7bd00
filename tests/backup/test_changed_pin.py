"""An upgrade begins with a changed tag in docker-compose.yml: what was built for the old one is then out of date."""

from pathlib import Path

import pytest
import yaml

from stack.build import images
from stack.docker import compose
from stack.paths import COMPOSE_FILE


@pytest.mark.parametrize("component", sorted({*images.COMPONENTS} - {*images.BASES}))
def test_a_changed_tag_makes_the_built_image_out_of_date(
    component: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_for = images._tagged(component)
    others = {other: images._tagged(other) for other in images.COMPONENTS if other != component}
    document = yaml.safe_load(COMPOSE_FILE.read_text())
    document["services"][component]["image"] += ".1"
    changed = tmp_path / "docker-compose.yml"
    changed.write_text(yaml.safe_dump(document))
    monkeypatch.setattr(compose, "COMPOSE_FILE", changed)

    assert images._tagged(component) != built_for
    assert not images.is_current(component)
    assert {other: images._tagged(other) for other in others} == others, "an upgrade rebuilds one image only"

"""The Compose files are the one place of versions."""

from pathlib import Path

import pytest
import yaml

from stack.build import versions
from stack.failure import StepError


def test_a_digest_does_not_hide_the_tag() -> None:
    assert versions.image_tag("loki", f"registry:5000/grafana/loki:3.7.8@sha256:{'0' * 64}") == "3.7.8"


@pytest.mark.parametrize("image", ["", "grafana/loki", f"grafana/loki@sha256:{'0' * 64}"])
def test_an_image_without_a_tag_is_refused_by_name(image: str) -> None:
    with pytest.raises(StepError, match=f"loki: .*docker-compose.yml: `{image}` has no tag"):
        versions.image_tag("loki", image)


@pytest.mark.parametrize("image", ["python:3.11", "python:3.11-slim"])
def test_a_python_image_that_names_no_debian_release_is_refused(
    image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose_file = tmp_path / "docker-compose.yml"
    services = {"backend": {"build": {"args": {"PYTHON_IMAGE": image}}}}
    compose_file.write_text(yaml.safe_dump({"services": services}))
    monkeypatch.setattr(versions, "COMPOSE_FILE", compose_file)
    with pytest.raises(StepError, match=f"`{image}` does not end in the name of a Debian release"):
        versions.debian_suite()

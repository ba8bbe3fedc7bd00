"""An image is built again exactly when something that goes into it changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stack.build import inputs
from stack.build.components import COMPONENTS
from stack.build.inputs import inputs_hash, is_current, tagged


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    file = tmp_path / "loki" / "Dockerfile"
    file.parent.mkdir()
    file.write_text("FROM scratch\n")
    return file


def test_the_same_inputs_give_the_same_hash_wherever_the_checkout_is(recipe: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "loki" / "Dockerfile"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text(recipe.read_text())
    here = inputs_hash(tmp_path, [recipe], "3.7.8")
    assert here == inputs_hash(tmp_path / "elsewhere", [elsewhere], "3.7.8")


@pytest.mark.parametrize(
    "change",
    [
        lambda recipe: recipe.write_text("FROM scratch\nUSER 10001\n"),
        lambda recipe: recipe.rename(recipe.with_name("Containerfile")),
        lambda recipe: recipe.chmod(0o755),
        lambda recipe: recipe.with_name("manifest.yaml").write_text(""),
    ],
    ids=["content", "name", "mode", "new file"],
)
def test_a_changed_folder_gives_another_hash(change: Callable[[Path], object], recipe: Path, tmp_path: Path) -> None:
    before = inputs_hash(tmp_path, recipe.parent.iterdir(), "3.7.8")
    change(recipe)
    assert inputs_hash(tmp_path, recipe.parent.iterdir(), "3.7.8") != before


def test_another_version_or_base_gives_another_hash(recipe: Path, tmp_path: Path) -> None:
    hashes = {inputs_hash(tmp_path, [recipe], *facts) for facts in [("a", "b"), ("a", "c"), ("ab",), ("a",)]}
    assert len(hashes) == 4


def test_another_authority_on_the_host_renews_whatever_is_based_on_debian(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hashes() -> dict[str, str]:
        return {component: tagged(component) for component in COMPONENTS}

    before = hashes()
    bundle = tmp_path / "ca.crt"
    bundle.write_text("one authority more")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert {name for name, image in hashes().items() if image != before[name]} == {*COMPONENTS} - {"otel-collector"}


@pytest.mark.parametrize("engine", ["an engine without the image", "no engine"])
def test_without_its_image_a_component_is_not_current(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "NAMESPACE", "integr8scode-of-nobody")
    if engine == "no engine":
        monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert not any(is_current(component) for component in COMPONENTS)

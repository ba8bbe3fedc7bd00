"""COMPOSE_FILE belongs to the user: it is written only for images from source, and merged with what is there."""

from pathlib import Path

import pytest

from stack.docker import compose_files, environment_file
from stack.failure import StepError

BASE, OURS, OVERRIDE = "docker-compose.yml", "docker-compose.from-source.yml", "docker-compose.override.yml"


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environment_file, "ENVIRONMENT_FILE", tmp_path / ".env")
    monkeypatch.setattr(compose_files, "ROOT", tmp_path)
    (tmp_path / OURS).touch()
    for variable in ("COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PATH_SEPARATOR"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def written() -> str | None:
    return environment_file.read().get("COMPOSE_FILE")


def test_official_images_need_no_list(checkout: Path) -> None:
    (checkout / OVERRIDE).touch()

    compose_files.use_official_images()

    assert written() is None
    assert compose_files.in_force() == [BASE, OVERRIDE]


def test_images_from_source_come_before_the_users_override(checkout: Path) -> None:
    (checkout / OVERRIDE).touch()

    compose_files.use_images_from_source(with_grafana=False)

    assert written() == f"{BASE}:{OURS}:{OVERRIDE}"


def test_an_override_that_comes_or_goes_later_counts(checkout: Path) -> None:
    compose_files.use_images_from_source(with_grafana=False)
    assert written() == f"{BASE}:{OURS}"

    (checkout / OVERRIDE).touch()
    compose_files.use_images_from_source(with_grafana=False)
    assert written() == f"{BASE}:{OURS}:{OVERRIDE}"

    (checkout / OVERRIDE).unlink()
    assert compose_files.as_variable() == f"{BASE}:{OURS}", "before it is written"
    compose_files.use_images_from_source(with_grafana=False)
    assert written() == f"{BASE}:{OURS}"


def test_each_file_of_ours_that_was_chosen_gets_its_counterpart(checkout: Path) -> None:
    (checkout / "docker-compose.other.from-source.yml").touch()
    environment_file.update({"COMPOSE_FILE": f"{BASE}:docker-compose.other.yml:mine.yml"})

    compose_files.use_images_from_source(with_grafana=False)

    assert written() == f"{BASE}:{OURS}:docker-compose.other.yml:docker-compose.other.from-source.yml:mine.yml"
    assert compose_files.of_official_images() == [BASE, "docker-compose.other.yml", "mine.yml"]


@pytest.mark.parametrize("own", [f"{BASE}:mine.yml", BASE])
def test_a_list_of_the_users_is_kept_in_both_modes(own: str) -> None:
    environment_file.update({"COMPOSE_FILE": own})

    compose_files.use_official_images()
    assert written() == own

    compose_files.use_images_from_source(with_grafana=False)
    assert written() == own.replace(BASE, f"{BASE}:{OURS}")


def test_back_to_official_images_the_users_list_remains_and_ours_goes() -> None:
    environment_file.update({"COMPOSE_FILE": f"{BASE}:{OURS}:mine.yml"})
    compose_files.use_official_images()
    assert written() == f"{BASE}:mine.yml"

    environment_file.update({"COMPOSE_FILE": f"{BASE}:{OURS}"})
    compose_files.use_official_images()
    assert written() is None


def test_a_separator_of_the_users_is_kept() -> None:
    environment_file.update({"COMPOSE_PATH_SEPARATOR": ",", "COMPOSE_FILE": f"{BASE},mine.yml"})

    compose_files.use_images_from_source(with_grafana=False)

    assert written() == f"{BASE},{OURS},mine.yml"


def test_profiles_of_the_users_are_kept() -> None:
    environment_file.update({"COMPOSE_PROFILES": "debug"})

    compose_files.use_images_from_source(with_grafana=True)
    assert compose_files.profiles() == "debug,observability,grafana"

    compose_files.use_official_images()
    assert compose_files.profiles() == "debug,observability"


def test_what_is_right_already_is_not_written_again(checkout: Path) -> None:
    compose_files.use_images_from_source(with_grafana=False)
    before = (checkout / ".env").stat()

    compose_files.use_images_from_source(with_grafana=False)

    assert (checkout / ".env").stat().st_ino == before.st_ino


def test_a_list_in_the_environment_that_hides_ours_is_an_error_with_the_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMPOSE_FILE", f"{BASE}:mine.yml")

    with pytest.raises(StepError) as failure:
        compose_files.use_images_from_source(with_grafana=False)

    assert f"export COMPOSE_FILE={BASE}:{OURS}:mine.yml" in failure.value.remedy

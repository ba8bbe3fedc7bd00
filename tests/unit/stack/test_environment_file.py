"""`.env` is written once, completed when something is missing, and never loses what a person wrote."""

from pathlib import Path

import pytest

from stack.docker import environment_file


@pytest.fixture(autouse=True)
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / ".env"
    monkeypatch.setattr(environment_file, "ENVIRONMENT_FILE", file)
    monkeypatch.delenv("GRAFANA_ADMIN_PASSWORD", raising=False)
    return file


def test_a_missing_file_has_no_variables() -> None:
    assert environment_file.read() == {}


def test_a_password_is_generated_once(env: Path) -> None:
    assert environment_file.ensure_grafana_password()
    first = environment_file.read()["GRAFANA_ADMIN_PASSWORD"]

    assert not environment_file.ensure_grafana_password()
    assert environment_file.read()["GRAFANA_ADMIN_PASSWORD"] == first
    assert len(first) >= 20
    assert env.stat().st_mode & 0o777 == 0o600


def test_two_files_get_two_passwords(env: Path) -> None:
    environment_file.ensure_grafana_password()
    first = environment_file.read()["GRAFANA_ADMIN_PASSWORD"]
    env.unlink()
    environment_file.ensure_grafana_password()

    assert environment_file.read()["GRAFANA_ADMIN_PASSWORD"] != first


def test_a_password_from_the_environment_is_not_written(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_ADMIN_PASSWORD", "from elsewhere")

    assert not environment_file.ensure_grafana_password()
    assert not env.exists()


def test_an_update_keeps_comments_and_other_variables(env: Path) -> None:
    env.write_text("# mine\nLOKI_PORT=13100\nCOMPOSE_PROFILES=old\n")

    environment_file.update({"COMPOSE_PROFILES": "observability"})

    assert env.read_text() == "# mine\nLOKI_PORT=13100\nCOMPOSE_PROFILES=observability\n"

"""A contact point that does not exist or lacks something is said before anything starts."""

import os
import subprocess
from pathlib import Path

import pytest

from stack.docker import compose, environment_file
from stack.failure import StepError
from stack.paths import COMPOSE_FILE
from stack.process import run
from stack.up import contact_point

NEEDY = [name for name in contact_point.contact_points() if contact_point.needs(name)]


@pytest.fixture(autouse=True)
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / ".env"
    monkeypatch.setattr(environment_file, "ENVIRONMENT_FILE", file)
    for name in ("ALERT_CONTACT_POINT", *(name for chosen in NEEDY for name in contact_point.needs(chosen))):
        monkeypatch.delenv(name, raising=False)
    return file


def test_nothing_is_needed_by_default() -> None:
    contact_point.ensure_contact_point()


def test_a_name_that_does_not_exist_is_said_with_those_that_do(env: Path) -> None:
    env.write_text("ALERT_CONTACT_POINT=pager\n")

    with pytest.raises(StepError) as failure:
        contact_point.ensure_contact_point()

    assert "ALERT_CONTACT_POINT=pager" in failure.value.why
    for name in ("off", "webhook", "email", "slack", "alertmanager"):
        assert name in failure.value.remedy


@pytest.mark.parametrize("chosen", NEEDY)
def test_what_is_missing_is_named(chosen: str, env: Path) -> None:
    first, *others = contact_point.needs(chosen)
    env.write_text(f'ALERT_CONTACT_POINT="{chosen}"\n{first}=""\n' + "".join(f"{name}=set\n" for name in others))

    with pytest.raises(StepError) as failure:
        contact_point.ensure_contact_point()

    assert failure.value.why == f"ALERT_CONTACT_POINT={chosen} needs {first}"


@pytest.mark.parametrize("chosen", NEEDY)
def test_nothing_is_said_when_nothing_is_missing(chosen: str, env: Path) -> None:
    env.write_text(f"ALERT_CONTACT_POINT={chosen}\n" + "".join(f"{name}=set\n" for name in contact_point.needs(chosen)))

    contact_point.ensure_contact_point()


class TestPlainCompose:
    """Compose alone, of which the application's own start is no concern."""

    @pytest.mark.parametrize("chosen", NEEDY)
    def test_names_what_is_missing(self, chosen: str) -> None:
        result = config("--profile", "observability", ALERT_CONTACT_POINT=chosen)

        assert result.returncode != 0
        assert contact_point.needs(chosen)[0] in result.stdout
        assert f"ALERT_CONTACT_POINT={chosen}" in result.stdout

    def test_names_the_file_of_a_contact_point_that_does_not_exist(self) -> None:
        result = config("--profile", "observability", ALERT_CONTACT_POINT="pager")

        assert result.returncode != 0
        assert "contact-point.pager.env not found" in result.stdout

    def test_starts_the_application_all_the_same(self) -> None:
        assert config(ALERT_CONTACT_POINT="webhook").returncode == 0

    def test_hands_over_addresses_and_passwords_as_they_are(self) -> None:
        odd = "https://hooks.example/a?b=c&d=#'x'$y"
        result = config("--profile", "observability", ALERT_CONTACT_POINT="webhook", ALERT_WEBHOOK_URL=odd)

        # Compose prints a dollar twice, as it wants to read it.
        assert odd.replace("$", "$$") in result.stdout


def config(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "COMPOSE_PROFILES"}
    files = ("--env-file", os.devnull, "--file", str(COMPOSE_FILE))
    return run([*compose.command(), *files, *arguments, "config"], env=environment | variables)

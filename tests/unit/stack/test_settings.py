"""The operator's choices are checked before anything happens."""

import pytest

from stack import settings
from stack.failure import StepError
from stack.settings import ImageSource, InstallPolicy


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("STACK_IMAGES", "STACK_INSTALL"):
        monkeypatch.delenv(variable, raising=False)

    monkeypatch.setitem(settings.Settings.model_config, "env_file", None)

    chosen = settings.load()

    assert chosen.images is ImageSource.AUTO
    assert chosen.install is InstallPolicy.ASK


def test_a_value_that_is_not_allowed_is_named_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_IMAGES", "podman")

    with pytest.raises(StepError) as failure:
        settings.load()

    assert "STACK_IMAGES=podman" in failure.value.why
    assert "from-source" in failure.value.why


def test_an_old_refusal_is_not_taken_for_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_INSTALL_ENGINE", "no")

    with pytest.raises(StepError) as failure:
        settings.load()

    assert "STACK_INSTALL=no" in failure.value.remedy

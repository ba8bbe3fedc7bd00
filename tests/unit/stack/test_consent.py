"""Nothing is installed or built without a word, and nothing against one."""

import pytest
import typer

from stack.failure import StepError
from stack.settings import InstallPolicy
from stack.up.consent import Consent, Need

GO = Need("install golang-go from the distribution", "about a minute", "apt-get install --yes golang-go")
BUILD = Need("build every image from source", "20 min", "STACK_IMAGES=from-source make up")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the person at the terminal answers, one after the other; whoever is asked too often gets an error."""
    given: list[bool] = []
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: given.pop(0))
    return given


def test_with_no_the_command_to_type_is_named() -> None:
    with pytest.raises(StepError) as failure:
        Consent(InstallPolicy.NO, print).obtain("building", [GO, BUILD])

    assert "STACK_INSTALL=no" in failure.value.why
    assert "install golang-go" in failure.value.why
    assert failure.value.remedy == "Type: apt-get install --yes golang-go && STACK_IMAGES=from-source make up"


def test_where_nothing_is_needed_nobody_is_asked() -> None:
    Consent(InstallPolicy.NO, print).obtain("building", [])


def test_without_a_terminal_it_is_said_and_done() -> None:
    said: list[str] = []

    Consent(InstallPolicy.ASK, said.append, on_terminal=False).obtain("building", [GO, BUILD])

    assert [GO.what in said[0], BUILD.what in said[1]] == [True, True]
    assert all("STACK_INSTALL=no" in line for line in said)


def test_on_a_terminal_a_person_is_asked_once_with_everything(
    answers: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    answers.append(True)
    consent = Consent(InstallPolicy.ASK, lambda _: None, on_terminal=True)

    consent.obtain("engine", [GO], perhaps=[BUILD])
    consent.obtain("building", [BUILD])

    shown = capsys.readouterr().out
    assert GO.what in shown
    assert BUILD.what in shown
    assert BUILD.takes in shown


def test_a_person_who_says_no_is_told_what_to_type(answers: list[bool]) -> None:
    answers.append(False)

    with pytest.raises(StepError) as failure:
        Consent(InstallPolicy.ASK, print, on_terminal=True).obtain("building", [GO])

    assert GO.by_hand in failure.value.remedy


def test_whoever_has_said_yes_beforehand_is_not_asked(answers: list[bool]) -> None:
    Consent(InstallPolicy.YES, lambda _: None, on_terminal=True).obtain("building", [GO])

    assert not answers

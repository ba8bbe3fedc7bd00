"""The command lines: what they print, what they refuse, and how they exit."""

import pytest

from tests.audit.subject import ECHO, Subject, json_line
from tests.audit.test_audit import now
from tests.support.stack_command import run_stack

NOWHERE = "127.0.0.1:9"


def call(name: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code, and everything printed with its blanks and line breaks made single blanks."""
    result = run_stack(name, *arguments, variables=environment)
    return result.returncode, " ".join((result.stdout + result.stderr).replace("│", " ").split())


def test_the_exit_code_says_whether_something_is_missing(subject: Subject) -> None:
    subject.run(ECHO, f"{json_line(now(), 'one')}\n")
    arguments = (subject.service_name, "--since", "10m", "--until", "0s")
    code, printed = call("audit", *arguments)
    assert code == 1
    assert "Not in Loki: 1 lines." in printed
    code, printed = call("backfill", *arguments)
    assert code == 0
    assert "Sent to the Collector: 1 lines." in printed
    code, printed = call("audit", *arguments)
    assert code == 0
    assert "Nothing is missing" in printed
    assert subject.service_name in printed


@pytest.mark.parametrize("name", ["audit", "backfill"])
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--since", "5x"), "Invalid value for --since: '5x' is neither a duration"),
        (("--until", "2026-01-31T13:00:00"), "Invalid value for --until: '2026-01-31T13:00:00' is neither"),
        (("--since", "2999-01-01T00:00:00Z"), "Invalid value for --since: '2999-01-01T00:00:00Z' is in the future"),
        (("--since", "1m", "--until", "2m"), "Invalid value for --since: '1m' is not before --until '2m'"),
    ],
)
def test_bad_input_is_named(name: str, arguments: tuple[str, ...], told: str) -> None:
    code, printed = call(name, *arguments)
    assert code == 2
    assert told in printed


def test_a_service_that_is_not_there_is_named_with_those_that_are(subject: Subject) -> None:
    subject.run(ECHO, "a line\n")
    code, printed = call("audit", "no-such-service", subject.service_name)
    assert code == 2
    assert "no container of a service 'no-such-service' remedy: Name one of" in printed
    assert subject.service_name.removeprefix("integr8scode-") in printed


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"LOKI_PORT": "9"}, f"http://{NOWHERE} does not answer"),
        ({"OTEL_COLLECTOR_METRICS_PORT": "9"}, f"http://{NOWHERE}/metrics does not answer"),
        ({"DOCKER_HOST": f"tcp://{NOWHERE}"}, "asking the Docker Engine"),
    ],
)
def test_what_does_not_answer_is_named(subject: Subject, environment: dict[str, str], told: str) -> None:
    subject.run(ECHO, "a line\n")
    code, printed = call("audit", subject.service_name, **environment)
    assert code == 2
    assert "not audited" in printed
    assert told in printed

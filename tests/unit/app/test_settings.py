"""Settings: what the environment may say, and the one line that a wrong value gets."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.service_names import ServiceName
from app.core.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)


def test_everything_has_a_default() -> None:
    settings = load_settings(ServiceName.BACKEND)
    assert settings.OTEL_EXPORTER_OTLP_ENDPOINT == ""
    assert settings.LOG_LEVEL == "INFO"


def test_the_process_names_the_service_unless_the_environment_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(ServiceName.POD_MONITOR).OTEL_SERVICE_NAME == "integr8scode-pod-monitor"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "another")
    assert load_settings(ServiceName.POD_MONITOR).OTEL_SERVICE_NAME == "another"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_ATTEMPTS", "")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "")
    settings = load_settings(ServiceName.BACKEND)
    assert settings.MAX_ATTEMPTS == 3
    assert settings.OTEL_SERVICE_NAME == "integr8scode-backend"


@pytest.mark.parametrize("level", ["debug", "Info", " WARNING ", "error", "CRITICAL"])
def test_log_levels_in_any_case(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    assert level.strip().upper() == load_settings(ServiceName.BACKEND).LOG_LEVEL


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("customer_id", ["customer_id"]),
        ("customer_id, iban,", ["customer_id", "iban"]),
        ('["customer_id", "iban"]', ["customer_id", "iban"]),
    ],
)
def test_field_names_as_a_comma_list_or_json(monkeypatch: pytest.MonkeyPatch, value: str, names: list[str]) -> None:
    monkeypatch.setenv("REDACT_FIELDS", value)
    assert names == load_settings(ServiceName.BACKEND).REDACT_FIELDS


WRONG_VALUES = [
    ("LOG_LEVEL", "loud", "use one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ("TESTING", "perhaps", "valid boolean"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "otel-collector:4317", "write it as http://host:4317"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "otel-collector", "write it as http://host:4317"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://", "write it as http://host:4317"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:port", "write it as http://host:4317"),
    ("REDIS_URL", "redis:6379", "write it as redis://host:6379/0"),
    ("MAX_ATTEMPTS", "0", "greater than or equal to 1"),
    ("MAX_ATTEMPTS", "three", "valid integer"),
    ("RETRY_BACKOFF_SECONDS", "-1", "greater than or equal to 0"),
    ("REDACT_FIELDS", "[customer_id", "JSON list of strings"),
    ("REDACT_PATTERNS", "CUST-[0-9]+", "JSON list of strings"),
    ("REDACT_PATTERNS", '["("]', "entry '(' is not a regular expression"),
    ("REDACT_PATTERNS", "[1]", "JSON list of strings"),
]


@pytest.mark.parametrize(("variable", "value", "remedy"), WRONG_VALUES)
def test_a_wrong_value_gets_one_line_with_variable_and_remedy(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    remedy: str,
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as exit_:
        load_settings(ServiceName.BACKEND)
    assert exit_.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{variable}: ")
    assert remedy in line


def test_two_wrong_values_are_both_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("MAX_ATTEMPTS", "0")
    with pytest.raises(SystemExit):
        load_settings(ServiceName.BACKEND)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["LOG_LEVEL", "MAX_ATTEMPTS"]


def test_the_password_of_a_refused_redis_url_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", "rediss//user:hunter2@host")
    with pytest.raises(SystemExit):
        load_settings(ServiceName.BACKEND)
    assert "hunter2" not in capsys.readouterr().err


def test_settings_do_not_show_the_redis_password() -> None:
    assert "hunter2" not in repr(Settings(REDIS_URL="redis://:hunter2@host/0"))


@pytest.mark.parametrize("module", ["app.main", "app.workers.dlq_processor"])
def test_a_process_with_a_wrong_value_ends_without_a_traceback(module: str) -> None:
    process = subprocess.run(
        [sys.executable, "-m", module],
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert process.returncode == 2
    assert process.stdout == ""
    assert process.stderr.count("\n") == 1


def test_the_documentation_names_every_setting() -> None:
    document = Path(__file__).parents[3] / "docs" / "application.md"
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", document.read_text(), re.MULTILINE))
    assert described == set(Settings.model_fields)

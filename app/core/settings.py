"""What the environment decides, checked once at start."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core.service_names import ServiceName

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
EXIT_USAGE = 2


class Settings(BaseSettings):
    """Settings of one process; every field is the environment variable of the same name.

    An empty variable counts as unset. Raises `pydantic.ValidationError` for a value that cannot work;
    `load_settings` turns that into a line for a person.
    """

    # Values stay out of error texts: a mistyped REDIS_URL still holds its password.
    model_config = SettingsConfigDict(
        env_ignore_empty=True, case_sensitive=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    LOG_LEVEL: str = "INFO"
    TESTING: bool = False

    OTEL_EXPORTER_OTLP_ENDPOINT: str = ""
    OTEL_SERVICE_NAME: str = ""

    REDACT_FIELDS: Annotated[list[str], NoDecode] = Field(default_factory=list)
    REDACT_PATTERNS: Annotated[list[str], NoDecode] = Field(default_factory=list)

    REDIS_URL: str = Field(default="redis://127.0.0.1:6379/0", repr=False)
    # Redis holds the working state only: what happened to an execution stays in Loki and Jaeger for 30 days.
    EXECUTION_TTL_SECONDS: int = Field(default=24 * 3600, ge=60)
    STREAM_MAX_LENGTH: int = Field(default=10_000, ge=100)
    # Above the longest handling (a pod of 30 s), so that only what a dead worker left behind is claimed.
    CLAIM_IDLE_SECONDS: float = Field(default=45.0, ge=1)

    MAX_ATTEMPTS: int = Field(default=3, ge=1, le=20)
    RETRY_BACKOFF_SECONDS: float = Field(default=0.5, ge=0, le=10)

    POD_START_SECONDS: float = Field(default=0.1, ge=0, le=10)
    POD_RUN_SECONDS: float = Field(default=0.3, ge=0, le=30)

    BACKEND_HOST: str = "127.0.0.1"
    BACKEND_PORT: int = Field(default=8000, ge=1, le=65535)
    HEARTBEAT_FILE: Path | None = None

    @field_validator("LOG_LEVEL", mode="before")
    @classmethod
    def _known_level(cls, value: object) -> str:
        level = str(value).strip().upper()
        if level not in LOG_LEVELS:
            raise ValueError(f"is not a log level; use one of {', '.join(LOG_LEVELS)}")
        return level

    @field_validator("OTEL_EXPORTER_OTLP_ENDPOINT")
    @classmethod
    def _endpoint_with_scheme(cls, value: str) -> str:
        endpoint = value.strip()
        if endpoint and not _is_url(endpoint, schemes=("http", "https")):
            # Without a scheme gRPC would try TLS against a plaintext port, and nothing would ever arrive.
            raise ValueError("needs a scheme and a host; write it as http://host:4317, or leave it empty")
        return endpoint

    @field_validator("REDIS_URL")
    @classmethod
    def _redis_url(cls, value: str) -> str:
        if not _is_url(value, schemes=("redis", "rediss")):
            raise ValueError("needs a scheme and a host; write it as redis://host:6379/0")
        return value

    @field_validator("REDACT_FIELDS", mode="before")
    @classmethod
    def _field_names(cls, value: object) -> object:
        if isinstance(value, str) and not value.lstrip().startswith("["):
            return [name.strip() for name in value.split(",") if name.strip()]
        return _json_list(value, example='["customer_id", "iban"]')

    @field_validator("REDACT_PATTERNS", mode="before")
    @classmethod
    def _patterns(cls, value: object) -> object:
        patterns = _json_list(value, example='["CUST-[0-9]{8}"]')
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"entry {pattern!r} is not a regular expression: {error}") from error
        return patterns


def _is_url(value: str, *, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises for a port that is not a number
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname)


def _json_list(value: object, *, example: str) -> list[str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            value = None
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ValueError(f"is not a JSON list of strings; write it as {example}")
    return value


def load_settings(service: ServiceName) -> Settings:
    """Read the environment for one process; `service` names it unless OTEL_SERVICE_NAME does.

    Ends the process with code 2 and a line for each value that cannot work: variable and remedy.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        _refuse(error)
    if settings.OTEL_SERVICE_NAME:
        return settings
    return settings.model_copy(update={"OTEL_SERVICE_NAME": service.value})


def _refuse(error: ValidationError) -> NoReturn:
    for problem in error.errors(include_url=False, include_input=False):
        reason = problem["msg"].removeprefix("Value error, ")
        sys.stderr.write(f"{problem['loc'][0]}: {reason[0].lower()}{reason[1:]}\n")
    raise SystemExit(EXIT_USAGE)

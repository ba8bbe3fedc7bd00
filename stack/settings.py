"""What the operator can tell the tools, in `.env` or the environment."""

from enum import StrEnum

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from stack.failure import StepError
from stack.paths import ENVIRONMENT_FILE


class ImageSource(StrEnum):
    """Where container images come from."""

    AUTO = "auto"
    """What is local is used, what is missing is pulled; without a registry all are built from source."""
    OFFICIAL = "official"
    FROM_SOURCE = "from-source"


class Settings(BaseSettings):
    """Settings of the operator's tools; `.env.example` tells what each is for."""

    model_config = SettingsConfigDict(env_file=ENVIRONMENT_FILE, env_prefix="STACK_", extra="ignore")

    images: ImageSource = ImageSource.AUTO
    install_engine: bool = True


def load() -> Settings:
    """The settings in force.

    Raises:
        StepError: a value is not one of those allowed.

    """
    try:
        return Settings()
    except ValidationError as error:
        problems = [f"STACK_{str(e['loc'][0]).upper()}={e['input']}: {e['msg']}" for e in error.errors()]
        raise StepError(
            "reading the settings",
            "; ".join(problems),
            "Correct it in .env or the environment; see .env.example.",
        ) from error

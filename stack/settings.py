"""What the operator can tell the tools, in `.env` or the environment."""

import os
from enum import StrEnum

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from stack.docker import environment_file
from stack.failure import StepError
from stack.paths import ENVIRONMENT_FILE

# Somebody who refused with it must not be taken for somebody who did not.
OLD_REFUSAL = "STACK_INSTALL_ENGINE"


class ImageSource(StrEnum):
    """Where container images come from."""

    AUTO = "auto"
    """What is local is used, what is missing is pulled; where no registry can be reached all are built from source."""
    OFFICIAL = "official"
    FROM_SOURCE = "from-source"


class InstallPolicy(StrEnum):
    """Whether something may be installed, started or built on this machine."""

    ASK = "ask"
    """On a terminal a person is asked, once; without one it is said and done."""
    YES = "yes"
    NO = "no"


class Settings(BaseSettings):
    """Settings of the operator's tools; `.env.example` tells what each is for."""

    model_config = SettingsConfigDict(env_file=ENVIRONMENT_FILE, env_prefix="STACK_", extra="ignore")

    images: ImageSource = ImageSource.AUTO
    install: InstallPolicy = InstallPolicy.ASK


def load() -> Settings:
    """The settings in force.

    Raises:
        StepError: a value is not one of those allowed.

    """
    if OLD_REFUSAL in {*os.environ, *environment_file.read()}:
        raise StepError(
            "reading the settings",
            f"{OLD_REFUSAL} is no longer known: STACK_INSTALL stands for it, Go, debootstrap and builds alike",
            "Write STACK_INSTALL=no (or ask, or yes) in its place.",
        )
    try:
        return Settings()
    except ValidationError as error:
        problems = [f"STACK_{str(e['loc'][0]).upper()}={e['input']}: {e['msg']}" for e in error.errors()]
        raise StepError(
            "reading the settings",
            "; ".join(problems),
            "Correct it in .env or the environment; see .env.example.",
        ) from error

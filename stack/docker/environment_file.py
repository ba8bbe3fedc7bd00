"""The operator's `.env`: written once by `make up`, read by Compose, never committed."""

import os
import secrets
from collections.abc import Mapping

from dotenv import dotenv_values

from stack.paths import ENVIRONMENT_FILE

HEADER = """\
# Read by Docker Compose and written by `make up`, which adds what is missing and leaves the rest as it is. Everything
# here is yours to change; .env.example lists what can be set.
"""


def read() -> dict[str, str]:
    """The variables of `.env` as Compose reads them, without quotes and comments; empty when there is none."""
    return {name: value or "" for name, value in dotenv_values(ENVIRONMENT_FILE).items()}


def update(variables: Mapping[str, str | None]) -> None:
    """Set `variables` in `.env`, or remove those that are None, and leave every other line as it is.

    The file is replaced whole, so that an interruption leaves the old or the new one; only its owner can read it.
    """
    present = ENVIRONMENT_FILE.read_text() if ENVIRONMENT_FILE.exists() else HEADER
    kept = [line for line in present.splitlines() if line.split("=", 1)[0].strip() not in variables]
    added = [f"{key}={value}" for key, value in variables.items() if value is not None]
    half_made = ENVIRONMENT_FILE.with_suffix(".half-made")
    half_made.touch(mode=0o600)
    half_made.write_text("\n".join([*kept, *added]) + "\n")
    half_made.replace(ENVIRONMENT_FILE)


def ensure_grafana_password() -> bool:
    """Make sure that `.env` or the environment has a Grafana password; True when a new one was generated."""
    if os.environ.get("GRAFANA_ADMIN_PASSWORD") or read().get("GRAFANA_ADMIN_PASSWORD"):
        return False
    update({"GRAFANA_ADMIN_PASSWORD": secrets.token_urlsafe(18)})
    return True

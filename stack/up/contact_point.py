"""Where alerts go: one of the contact points in grafana/provisioning/alerting/, and what it needs."""

import os
import re
from typing import Final

from stack.docker import environment_file
from stack.failure import StepError
from stack.paths import ROOT

FOLDER: Final = ROOT / "grafana" / "provisioning" / "alerting"


def contact_points() -> list[str]:
    """The names that ALERT_CONTACT_POINT can have."""
    return sorted(file.name.split(".")[1] for file in FOLDER.glob("contact-point.*.yaml"))


def needs(contact_point: str) -> list[str]:
    """The variables without which Compose refuses to start with this contact point."""
    return re.findall(r"\$\{(\w+):\?", (FOLDER / f"contact-point.{contact_point}.env").read_text())


def ensure_contact_point() -> None:
    """Make sure that the chosen contact point exists and has what it needs, as Grafana would end at its start without.

    Raises:
        StepError: names the variable of `.env` that is wrong or missing, and what it can be.

    """
    settings = environment_file.read() | os.environ
    chosen = settings.get("ALERT_CONTACT_POINT") or "off"
    if chosen not in contact_points():
        raise StepError(
            "choosing where alerts go",
            f"ALERT_CONTACT_POINT={chosen}: there is no such contact point",
            f"Set it to one of {', '.join(contact_points())} in .env, or add your own (docs/grafana.md).",
        )
    missing = [name for name in needs(chosen) if not settings.get(name)]
    if missing:
        raise StepError(
            "choosing where alerts go",
            f"ALERT_CONTACT_POINT={chosen} needs {', '.join(missing)}",
            "Set what is missing in .env (docs/grafana.md says to what), or ALERT_CONTACT_POINT=off.",
        )

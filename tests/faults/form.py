"""How much of everything: the short form proves each mechanism, the long one what docs/reliability.md promises."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """Seconds of each trouble, and what is laid over docker-compose.yml."""

    outage_seconds: float
    pause_seconds: float
    backlog_seconds: float
    flood_seconds: float
    compose_files: tuple[str, ...]


SHORT = Form(
    outage_seconds=3,
    pause_seconds=8,
    backlog_seconds=5,
    flood_seconds=20,
    compose_files=("docker-compose.yml", "docker-compose.short.yml"),
)
LONG = Form(
    outage_seconds=20,
    pause_seconds=120,
    backlog_seconds=45,
    flood_seconds=300,
    compose_files=("docker-compose.yml",),
)
FORMS = {"short": SHORT, "long": LONG}

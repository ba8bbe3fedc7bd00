"""How much of everything: the short form proves each mechanism, the long one what docs/reliability.md promises."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """Seconds of each trouble, and what is laid over docker-compose.yml."""

    name: str
    outage_seconds: float
    pause_seconds: float
    backlog_seconds: float
    flood_seconds: float
    compose_files: tuple[str, ...]

    def __str__(self) -> str:
        queue = "a queue of 32 MiB" if self is SHORT else "the queue of 512 MiB"
        return (
            f"The {self.name} form: outages of {self.outage_seconds:g} s, Loki frozen for {self.pause_seconds:g} s, "
            f"floods of {self.flood_seconds:g} s against {queue}."
        )


SHORT = Form(
    name="short",
    outage_seconds=3,
    pause_seconds=8,
    backlog_seconds=5,
    flood_seconds=20,
    compose_files=("docker-compose.yml", "docker-compose.short.yml"),
)
LONG = Form(
    name="long",
    outage_seconds=20,
    pause_seconds=120,
    backlog_seconds=45,
    flood_seconds=300,
    compose_files=("docker-compose.yml",),
)
FORMS = {form.name: form for form in (SHORT, LONG)}

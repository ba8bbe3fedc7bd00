"""Which Compose files and profiles are in force: the user's own choice, with ours merged in where it is needed.

Without COMPOSE_FILE, Compose takes docker-compose.yml and, where there is one, the user's override file. Only images
from source need a file more, and then the whole list has to be written down.
"""

import os

from stack.docker import environment_file
from stack.failure import StepError
from stack.paths import COMPOSE_FILE, FROM_SOURCE_FILE, ROOT

PROFILE = "observability"
# Of Grafana where the other images are built from source: it can't be, and starts only where its image is.
GRAFANA_PROFILE = "grafana"
# How a file ends that puts images from source in the place of those in the file with the same beginning.
FROM_SOURCE = ".from-source.yml"
# As Compose looks for them; it takes the first.
OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)


def in_force() -> list[str]:
    """The Compose files of this checkout, in the order in which they are merged.

    A list of ours in `.env` stands for what is found now: the user's override file may have come or gone since.
    """
    if given := _listed(os.environ.get("COMPOSE_FILE", "")):
        return given
    listed = _listed(environment_file.read().get("COMPOSE_FILE", ""))
    if listed and _chosen() is None:
        return _with_ours(_found())
    return listed or _found()


def as_variable() -> str:
    """The files in force as COMPOSE_FILE names them."""
    return _separator().join(in_force())


def profiles() -> str:
    """The profiles that the tools ask for, as `.env` names them; before the first `make up` the whole stack."""
    return environment_file.read().get("COMPOSE_PROFILES", PROFILE)


def use_official_images() -> None:
    """Let `.env` say that nothing is built from source; what a person wrote there stays.

    Raises:
        StepError: COMPOSE_FILE in the environment, which counts more, says otherwise.

    """
    _write(_chosen(), grafana=False)
    if from_source_in_force():
        raise _overruled(of_official_images())


def use_images_from_source(*, with_grafana: bool) -> None:
    """Let `.env` say that images are built from source; what a person wrote there stays, and counts more.

    Raises:
        StepError: COMPOSE_FILE in the environment, which counts more, says otherwise.

    """
    _write(_with_ours(_chosen() or _found()), grafana=with_grafana)
    if in_force() != (wanted := _with_ours(in_force())):
        raise _overruled(wanted)


def from_source_in_force() -> bool:
    """Whether the images in force are those built from source."""
    return FROM_SOURCE_FILE.name in in_force()


def of_official_images() -> list[str]:
    """The files in force, without those that put images from source in the place of official ones."""
    return _without_ours(in_force())


def _write(files: list[str] | None, *, grafana: bool) -> None:
    present = environment_file.read()
    others = [name for name in present.get("COMPOSE_PROFILES", "").split(",") if name]
    others = [name for name in others if name not in {PROFILE, GRAFANA_PROFILE}]
    wanted = {
        "COMPOSE_FILE": _separator().join(files) if files else None,
        "COMPOSE_PROFILES": ",".join([*others, PROFILE, *([GRAFANA_PROFILE] if grafana else [])]),
    }
    if {name: present.get(name) for name in wanted} != wanted:
        environment_file.update(wanted)


def _with_ours(files: list[str]) -> list[str]:
    """Ours right behind each file that has one: what comes later, a person's own, counts more."""
    pairs = [[file, file.removesuffix(".yml") + FROM_SOURCE] for file in _without_ours(files)]
    return [file for own, ours in pairs for file in (own, ours) if file == own or (ROOT / ours).is_file()]


def _without_ours(files: list[str]) -> list[str]:
    return [file for file in files if not file.endswith(FROM_SOURCE)]


def _chosen() -> list[str] | None:
    """The files that a person named in `.env`; None where nobody did, or where the list is ours."""
    listed = _listed(environment_file.read().get("COMPOSE_FILE", ""))
    own = _without_ours(listed)
    made_of_what_was_found = own != listed and own[:1] == [COMPOSE_FILE.name] and set(own[1:]) <= set(OVERRIDES)
    return None if not own or made_of_what_was_found else own


def _found() -> list[str]:
    return [COMPOSE_FILE.name, *[name for name in OVERRIDES if (ROOT / name).is_file()][:1]]


def _listed(value: str) -> list[str]:
    return [file for file in value.split(_separator()) if file]


def _separator() -> str:
    given = os.environ.get("COMPOSE_PATH_SEPARATOR") or environment_file.read().get("COMPOSE_PATH_SEPARATOR")
    return given or os.pathsep


def _overruled(wanted: list[str]) -> StepError:
    return StepError(
        "choosing the Compose files",
        f"COMPOSE_FILE={os.environ.get('COMPOSE_FILE')} in the environment overrules .env",
        f"Unset it, or: export COMPOSE_FILE={_separator().join(wanted)}",
    )

"""What goes into an image, and whether the one that is here was built from it.

The inputs of an image (its folder in `images/`, its version, and the image it is based on) are hashed into the tag
`from-source-<hash>`, and `from-source` points at the current one.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from stack.build import debian_base
from stack.build.components import GO_MODULES, RECIPES, needs_debian, version
from stack.docker.inspect import image_id

NAMESPACE: Final = "integr8scode"
CURRENT: Final = "from-source"


def is_current(component: str) -> bool:
    """Whether the image of `component` is there, built from today's inputs.

    Raises:
        StepError: docker-compose.yml does not say which version is wanted.
    """
    return same_image(tagged(component), current(component))


def current(component: str) -> str:
    """The name of the image in use."""
    return f"{NAMESPACE}/{component}:{CURRENT}"


def tagged(component: str) -> str:
    """The name of the image that today's inputs make."""
    return f"{current(component)}-{_inputs(component)}"


def same_image(one: str, other: str) -> bool:
    """Whether both names stand for one image that is here."""
    found = image_id(one)
    return found is not None and found == image_id(other)


def inputs_hash(root: Path, files: Iterable[Path], *facts: str) -> str:
    """A short hash of `files` (names relative to `root`, modes, contents) and of `facts`."""
    digest = hashlib.sha256()
    for file in sorted(files):
        executable = bool(file.stat().st_mode & 0o100)
        digest.update(
            f"{file.relative_to(root)}\0{executable}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode()
        )
    for fact in facts:
        digest.update(f"{fact}\0".encode())
    return digest.hexdigest()[:12]


def files_of(path: Path) -> list[Path]:
    """The file itself, or the files of a folder but for what Python leaves there."""
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def _inputs(component: str) -> str:
    facts = [version(component)]
    if component == "debian":
        facts += [debian_base.host_ca_bundle().read_text(errors="replace"), debian_base.mirror()]
    if component in GO_MODULES:
        facts.append(repr(GO_MODULES[component]))
    if needs_debian(component):
        facts.append(_inputs("debian"))
    return inputs_hash(RECIPES, files_of(RECIPES / component), *facts)

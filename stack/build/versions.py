"""Which release an image is built from: the Compose files say, nothing here repeats it."""

import re

import yaml

from stack.build.steps import build_failure
from stack.docker import compose
from stack.failure import StepError
from stack.paths import COMPOSE_FILE, JAEGER_2_FILE

JAEGER_2 = "jaeger-v2"


def release(component: str) -> str:
    """The release of `component` as the tag of its official image gives it, e.g. `3.7.8`.

    Raises:
        StepError: docker-compose.yml does not name it.
    """
    if component == JAEGER_2:
        image: str = yaml.safe_load(JAEGER_2_FILE.read_text())["services"]["jaeger"]["image"]
        return image_tag(component, image)
    return image_tag(component, compose.official_images().get(component, ""))


def official_python_image() -> str:
    """The base of the application's image where a registry answers.

    Raises:
        StepError: docker-compose.yml does not name it.
    """
    try:
        image: str = yaml.safe_load(COMPOSE_FILE.read_text())["services"]["backend"]["build"]["args"]["PYTHON_IMAGE"]
    except (KeyError, TypeError) as error:
        raise _missing("python", f"services.backend.build.args.PYTHON_IMAGE is missing ({error})") from error
    return image


def debian_suite() -> str:
    """The Debian release under the official Python image, e.g. `bookworm` of `python:3.11-slim-bookworm`.

    Raises:
        StepError: docker-compose.yml does not name it.
    """
    image = official_python_image()
    suite = image_tag("python", image).rpartition("-")[2]
    if not suite.isalpha() or suite in {"slim", "alpine"}:
        raise _missing("python", f"`{image}` does not end in the name of a Debian release")
    return suite


def image_tag(component: str, image: str) -> str:
    """The tag of an image name, e.g. `3.7.8` of `grafana/loki:3.7.8`.

    Raises:
        StepError: the name has none.
    """
    match = re.fullmatch(r"[^@]+:(?P<tag>\w[\w.-]*)(@sha256:\w+)?", image)
    if match is None:
        raise _missing(component, f"`{image}` has no tag")
    return match["tag"]


def _missing(component: str, found: str) -> StepError:
    return build_failure(
        component,
        "looking for its version",
        f"{COMPOSE_FILE.name}: {found}",
        f"Restore the image of {component}, with a tag, in {COMPOSE_FILE.name}.",
    )

"""The image rung of `make up`: local images are used, missing ones pulled, or all built from source."""

import concurrent.futures
import subprocess
from collections.abc import Callable

from stack import environment_file, images
from stack.compose import PROFILE
from stack.failure import StepError
from stack.inspection import image_id
from stack.paths import COMPOSE_FILE, FROM_SOURCE_FILE
from stack.process import last_lines, run
from stack.settings import ImageSource

GRAFANA = "grafana"
# What `docker pull` says when no registry could be asked at all, as opposed to a registry that says no.
NO_REGISTRY = (
    "no such host",
    "connection refused",
    "network is unreachable",
    "i/o timeout",
    "no answer within",
    "deadline exceeded",
    "request canceled",
    "403 forbidden",
    "proxyconnect",
    "temporary failure in name resolution",
    "server misbehaving",
    "certificate signed by unknown authority",
)
# As good as no registry. The largest image takes less on a slow line.
PULL_TIMEOUT_SECONDS = 600.0

Report = Callable[[str], None]


def ensure_images(source: ImageSource, official: dict[str, str], report: Report) -> bool:
    """Provide an image for every service; `official` maps service to official image.

    Returns True when Grafana can start. Which Compose files and profiles are in force is written into `.env`, so that
    plain `docker compose` commands see the same project as `make`.

    Raises:
        StepError: an image can be had neither way.

    """
    if source is not ImageSource.FROM_SOURCE and _official_images(source, official, report):
        _write_mode(files=(COMPOSE_FILE.name,), profiles=(PROFILE,))
        return True
    _images_from_source(report)
    with_grafana = image_id(official[GRAFANA]) is not None
    profiles = (PROFILE, GRAFANA) if with_grafana else (PROFILE,)
    _write_mode(files=(COMPOSE_FILE.name, FROM_SOURCE_FILE.name), profiles=profiles)
    if not with_grafana:
        report(f"starting without Grafana: {official[GRAFANA]} can be neither pulled nor built here")
    return with_grafana


def _official_images(source: ImageSource, official: dict[str, str], report: Report) -> bool:
    python = images.official_python_image()
    missing = [image for image in (*sorted(set(official.values())), python) if image_id(image) is None]
    if missing:
        report(f"pulling {missing[0]}")
        first = _pull(missing[0])
        if source is ImageSource.AUTO and _no_registry(first):
            report(f"no image registry answers ({last_lines(first.stdout, 1)}): building from source")
            return False
        _check_pulled(missing[0], first)
        with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
            for image, result in zip(missing[1:], pool.map(_pull, missing[1:]), strict=True):
                _check_pulled(image, result)
                report(f"pulled {image}")
    _build(lambda: images.build_app(report, python))
    return True


def _pull(image: str) -> subprocess.CompletedProcess[str]:
    return run(["docker", "pull", "--quiet", image], timeout=PULL_TIMEOUT_SECONDS)


def _no_registry(pull: subprocess.CompletedProcess[str]) -> bool:
    return pull.returncode != 0 and any(sign in pull.stdout.lower() for sign in NO_REGISTRY)


def _check_pulled(image: str, pull: subprocess.CompletedProcess[str]) -> None:
    if pull.returncode != 0:
        raise StepError(
            f"pulling {image}",
            last_lines(pull.stdout, 3),
            "Run `make up` again (what was pulled is kept), or build from source: STACK_IMAGES=from-source make up.",
        )


def _images_from_source(report: Report) -> None:
    _build(lambda: images.build_all(report))
    report("images built from source are current")
    _build(lambda: images.build_app(report, "integr8scode/python:from-source"))


def _build(build: Callable[[], None]) -> None:
    try:
        build()
    except images.BuildError as error:
        raise StepError(f"building {error.component} ({error.step})", error.detail, error.remedy) from error


def _write_mode(*, files: tuple[str, ...], profiles: tuple[str, ...]) -> None:
    wanted = {"COMPOSE_FILE": ":".join(files), "COMPOSE_PROFILES": ",".join(profiles)}
    present = environment_file.read()
    if {key: present.get(key) for key in wanted} != wanted:
        environment_file.update(wanted)

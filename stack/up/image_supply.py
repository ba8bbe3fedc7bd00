"""Where images come from: those that are here are used, missing ones pulled, or all built from source."""

from collections.abc import Sequence

from stack.build import components, images, versions
from stack.build.inputs import CURRENT, NAMESPACE, is_current
from stack.docker import compose_files
from stack.docker.inspect import image_id
from stack.settings import ImageSource
from stack.terminal import Report
from stack.up import host_packages
from stack.up.consent import Consent, Need
from stack.up.pull import UnreachableError, pull

GRAFANA = "grafana"
BUILDING = "building the images from source"


def ensure_images(source: ImageSource, official: dict[str, str], report: Report, consent: Consent) -> bool:
    """Provide an image for every service; `official` maps service to official image.

    Returns True when Grafana can start. Images from source need a Compose file more, which is written into `.env`, so
    that plain `docker compose` commands see the same project as `make`.

    Raises:
        StepError: an image can be had neither way.

    """
    if _pulled_instead_of_built(source, official, report):
        compose_files.use_official_images()
        return True
    _images_from_source(source, report, consent)
    with_grafana = image_id(official[GRAFANA]) is not None
    compose_files.use_images_from_source(with_grafana=with_grafana)
    if not with_grafana:
        report(f"starting without Grafana: {official[GRAFANA]} is not here, and can't be built from source")
    return with_grafana


def perhaps_needed(source: ImageSource) -> list[Need]:
    """What a build from source would take, for where it may come to that."""
    return [] if source is ImageSource.OFFICIAL else _needs(host_packages.missing(host_packages.BUILDING))


def _pulled_instead_of_built(source: ImageSource, official: dict[str, str], report: Report) -> bool:
    if source is ImageSource.FROM_SOURCE:
        return False
    if source is ImageSource.AUTO and _built_before(official):
        report("images built from source are current (STACK_IMAGES=official asks a registry again)")
        return False
    try:
        _pull_missing(official, report)
    except UnreachableError as unreachable:
        # Where one of these is here, there is a registry: it is only away.
        if source is ImageSource.OFFICIAL or _any_here(official):
            raise
        report(f"no image registry can be reached ({unreachable.why})")
        return False
    python = versions.official_python_image()
    images.build_app(report, python)
    return True


def _built_before(official: dict[str, str]) -> bool:
    return compose_files.from_source_in_force() and not _any_here(official) and not _outdated()


def _any_here(official: dict[str, str]) -> bool:
    """Whether an official image is here of what is built from source otherwise."""
    return any(image_id(official[component]) is not None for component in components.FROM_GO)


def _pull_missing(official: dict[str, str], report: Report) -> None:
    for image in (*sorted(set(official.values())), versions.official_python_image()):
        if image_id(image) is None:
            pull(image, report)


def _images_from_source(source: ImageSource, report: Report, consent: Consent) -> None:
    if _outdated():
        packages = host_packages.missing(host_packages.BUILDING)
        host_packages.ensure_installable(BUILDING, packages)
        # Whoever chose it has agreed to the build, not to packages on the host.
        chosen = source is ImageSource.FROM_SOURCE
        consent.obtain(BUILDING, _package_needs(packages) if chosen else _needs(packages))
        host_packages.install(BUILDING, packages)
        images.build_all(report, _components())
        report("every image is built from source")
    images.build_app(report, f"{NAMESPACE}/python:{CURRENT}")


def _outdated() -> list[str]:
    return [component for component in _components() if not is_current(component)]


def _components() -> tuple[str, ...]:
    return components.chosen(compose_files.in_force())


def _needs(packages: Sequence[str]) -> list[Need]:
    build = Need(
        "build every image from source in .build/", "10 to 20 min, 10 GB of disk", "STACK_IMAGES=from-source make up"
    )
    return [*_package_needs(packages), build]


def _package_needs(packages: Sequence[str]) -> list[Need]:
    return host_packages.need(packages, "about a minute")

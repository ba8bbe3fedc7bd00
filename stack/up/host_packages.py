"""Packages of the distribution that the tools need on this machine: only its own, no third-party repository."""

import os
import shutil
from collections.abc import Mapping, Sequence

from stack.failure import StepError
from stack.process import last_lines, run
from stack.up.consent import Need

# Package → the program that shows whether it, or something in its place, is there.
ENGINE = {"docker.io": "dockerd", "iptables": "iptables"}
BUILDING = {"golang-go": "go", "debootstrap": "debootstrap"}


def missing(packages: Mapping[str, str]) -> list[str]:
    """Those of `packages` whose program is not on PATH."""
    return [package for package, program in packages.items() if shutil.which(program) is None]


def need(packages: Sequence[str], takes: str) -> list[Need]:
    """What is to be said of installing them; nothing when there are none."""
    if not packages:
        return []
    what = f"install {' and '.join(packages)} from the distribution"
    return [Need(what, takes, f"apt-get update && apt-get install --yes {' '.join(packages)}")]


def ensure_installable(step: str, packages: Sequence[str]) -> None:
    """Check that this program could install `packages`, if there are any.

    Raises:
        StepError: it is not root, or this is not Debian or Ubuntu.

    """
    if packages and (os.geteuid() != 0 or shutil.which("apt-get") is None):
        raise StepError(
            step,
            f"{' and '.join(packages)} missing; installed for you only as root on Debian or Ubuntu",
            "Run `sudo make up` there, or install them with your distribution's package manager, then `make up`.",
        )


def install(step: str, packages: Sequence[str]) -> None:
    """Install `packages`, if there are any.

    Raises:
        StepError: apt-get failed; quotes it.

    """
    if not packages:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", *packages]):
        result = run(command, env=environment)
        if result.returncode != 0:
            raise StepError(
                step,
                f"`{' '.join(command)}` failed:\n{last_lines(result.stdout)}",
                "Mend what apt-get complains about, or install the packages by hand, then `make up`.",
            )

"""The first rung of `make up`: a Docker Engine that answers."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from stack.failure import StepError
from stack.process import last_lines, run

# The distribution's own packages: no third-party repository is added to somebody's machine.
PACKAGES = ("docker.io", "iptables")
DAEMON_LOG = Path("/var/log/dockerd.log")
START_TIMEOUT_SECONDS = 60.0


def ensure_engine(report: Callable[[str], None], *, may_install: bool) -> None:
    """Return once a Docker Engine answers; where possible, and if it `may_install`, by installing and starting one.

    Raises:
        StepError: the engine can't be used, and this program can't or may not change that.

    """
    answer = _ask_engine()
    if answer.returncode == 0:
        report(f"Docker Engine {answer.stdout.strip()} answers")
        return
    if "permission denied" in answer.stdout.lower():
        raise StepError(
            "Docker Engine",
            f"this user may not talk to it ({last_lines(answer.stdout, 1)})",
            "Run `sudo usermod -aG docker $USER`, log in again, then `make up`. Or run `sudo make up`.",
        )
    if "DOCKER_HOST" in os.environ:
        raise StepError(
            "Docker Engine",
            f"nothing answers at DOCKER_HOST={os.environ['DOCKER_HOST']} ({last_lines(answer.stdout, 1)})",
            "Start that engine, or unset DOCKER_HOST to use this machine's own.",
        )
    _ensure_installable(last_lines(answer.stdout, 1), may_install=may_install)
    if shutil.which("dockerd") is None or shutil.which("docker") is None:
        _install(report)
    _start(report)


def engine_answers() -> bool:
    """Whether a Docker Engine answers right now."""
    return _ask_engine().returncode == 0


def _ask_engine() -> subprocess.CompletedProcess[str]:
    return run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=20)


def _ensure_installable(answer: str, *, may_install: bool) -> None:
    if not may_install:
        raise StepError(
            "Docker Engine",
            f"none answers ({answer}), and STACK_INSTALL_ENGINE=no forbids to install or start one",
            "Start Docker (`systemctl start docker`), then `make up`.",
        )
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise StepError(
            "Docker Engine",
            f"none answers ({answer}); it is installed and started for you only as root on Debian or Ubuntu",
            "Start it (`sudo systemctl start docker`), or install Docker Engine 20.10 or newer "
            "(docs.docker.com/engine/install), or run `sudo make up` on Debian or Ubuntu.",
        )


def _install(report: Callable[[str], None]) -> None:
    report(f"installing {' and '.join(PACKAGES)} from the distribution (STACK_INSTALL_ENGINE=no refuses)")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES],
    ):
        result = run(command, env=environment)
        if result.returncode != 0:
            raise StepError(
                "installing the Docker Engine",
                f"`{' '.join(command)}` failed:\n{last_lines(result.stdout)}",
                "Mend what apt-get complains about, or install Docker by hand, then `make up`.",
            )


def _start(report: Callable[[str], None]) -> None:
    if Path("/run/systemd/system").is_dir():
        report("starting the Docker Engine by systemd")
        run(["systemctl", "start", "docker"], timeout=START_TIMEOUT_SECONDS)
        hint = "journalctl -u docker"
    else:
        report(f"starting the Docker Engine (no systemd here; its log is {DAEMON_LOG})")
        with DAEMON_LOG.open("ab") as log:
            subprocess.Popen(["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        hint = f"tail {DAEMON_LOG}"
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while (answer := _ask_engine()).returncode != 0:
        if time.monotonic() > deadline:
            raise StepError(
                "starting the Docker Engine",
                f"no answer within {START_TIMEOUT_SECONDS:g} s ({last_lines(answer.stdout, 1)})",
                f"`{hint}` says why. Then `make up`.",
            )
        time.sleep(0.3)
    report(f"Docker Engine {answer.stdout.strip()} answers")

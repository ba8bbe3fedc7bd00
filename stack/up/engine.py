"""A Docker Engine that answers."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stack.docker.inspect import ask_version
from stack.failure import StepError
from stack.process import last_lines, run
from stack.terminal import Report
from stack.up import host_packages
from stack.up.consent import Consent, Need
from stack.waiting import wait_until

STEP = "Docker Engine"
DAEMON_LOG = Path("/var/log/dockerd.log")
START_TIMEOUT_SECONDS = 60.0


def ensure_engine(report: Report, consent: Consent, *, perhaps: Sequence[Need] = ()) -> None:
    """Return once a Docker Engine answers; where possible, and with consent, by installing and starting one.

    `perhaps` is what the steps behind this one may need besides, so that a person is asked only once.

    Raises:
        StepError: the engine can't be used, and this program can't or may not change that.

    """
    answer = ask_version()
    if answer.returncode == 0:
        report(f"Docker Engine {answer.stdout.strip()} answers")
        return
    why = last_lines(answer.stdout, 1)
    if "permission denied" in answer.stdout.lower():
        raise StepError(
            STEP,
            f"this user may not talk to it ({why})",
            "Run `sudo usermod -aG docker $USER`, log in again, then `make up`. Or run `sudo make up`.",
        )
    if "DOCKER_HOST" in os.environ:
        raise StepError(
            STEP,
            f"nothing answers at DOCKER_HOST={os.environ['DOCKER_HOST']} ({why})",
            "Start that engine, or unset DOCKER_HOST to use this machine's own.",
        )
    packages = [] if shutil.which("dockerd") and shutil.which("docker") else list(host_packages.ENGINE)
    _ensure_possible(why)
    consent.obtain(
        f"{STEP} (none answers: {why})", [*host_packages.need(packages, "about 20 s"), _start_need()], perhaps=perhaps
    )
    host_packages.install("installing the Docker Engine", packages)
    _start(report)


def _ensure_possible(why: str) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise StepError(
            STEP,
            f"none answers ({why}); it is installed and started for you only as root on Debian or Ubuntu",
            "Start it (`sudo systemctl start docker`), or install Docker Engine 20.10 or newer "
            "(docs.docker.com/engine/install), or run `sudo make up` on Debian or Ubuntu.",
        )


def _by_systemd() -> bool:
    return Path("/run/systemd/system").is_dir()


def _start_need() -> Need:
    by_hand = "systemctl start docker" if _by_systemd() else f"(dockerd >{DAEMON_LOG} 2>&1 &)"
    return Need("start the Docker Engine", "a few seconds", by_hand)


def _start(report: Report) -> None:
    if _by_systemd():
        report("starting the Docker Engine by systemd")
        run(["systemctl", "start", "docker"], timeout=START_TIMEOUT_SECONDS)
        hint = "journalctl -u docker"
    else:
        report(f"starting the Docker Engine (no systemd here; its log is {DAEMON_LOG})")
        with DAEMON_LOG.open("ab") as log:
            subprocess.Popen(["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        hint = f"tail {DAEMON_LOG}"
    answer = wait_until(ask_version, lambda answer: answer.returncode == 0, within_seconds=START_TIMEOUT_SECONDS)
    if answer.returncode != 0:
        raise StepError(
            "starting the Docker Engine",
            f"no answer within {START_TIMEOUT_SECONDS:g} s ({last_lines(answer.stdout, 1)})",
            f"`{hint}` says why. Then `make up`.",
        )
    report(f"Docker Engine {answer.stdout.strip()} answers")

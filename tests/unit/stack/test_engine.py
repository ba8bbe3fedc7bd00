"""What a person is told when no Docker Engine can be used.

`docker` is a stand-in that answers as the real one does: an engine without permission, or without an answer, can't be
had on every machine that runs these tests.
"""

import os
import shutil
from pathlib import Path

import pytest

from stack.failure import StepError
from stack.settings import InstallPolicy
from stack.up.consent import Consent
from stack.up.engine import ensure_engine


@pytest.fixture
def docker_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the answer of the `docker` that is first on PATH."""
    answer = tmp_path / "answer"
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\ncat {answer}\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return answer


def test_no_permission_names_the_group(docker_says: Path) -> None:
    docker_says.write_text("permission denied while trying to connect to the Docker daemon socket\n")

    with pytest.raises(StepError) as failure:
        ensure_engine(print, Consent(InstallPolicy.YES, print))

    assert "usermod -aG docker" in failure.value.remedy


def test_an_installation_can_be_refused(docker_says: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", {"apt-get": "/usr/bin/apt-get"}.get)
    docker_says.write_text("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n")

    with pytest.raises(StepError) as failure:
        ensure_engine(print, Consent(InstallPolicy.NO, print))

    assert "STACK_INSTALL=no" in failure.value.why
    assert "Cannot connect" in failure.value.what
    assert "apt-get install --yes docker.io iptables" in failure.value.remedy


def test_another_machines_engine_is_never_installed(docker_says: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_says.write_text("Cannot connect to the Docker daemon at tcp://10.0.0.1:2375.\n")
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2375")

    with pytest.raises(StepError) as failure:
        ensure_engine(print, Consent(InstallPolicy.YES, print))

    assert "DOCKER_HOST=tcp://10.0.0.1:2375" in failure.value.why

"""What these tests need: the images of `make up`. Everything happens in projects of their own."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from stack.paths import ROOT

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def command() -> Command:
    """`make backup` and `make restore`, run as a person would."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "stack", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run

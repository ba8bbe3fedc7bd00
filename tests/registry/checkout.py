"""A clean clone as a user has it: what Git knows of this checkout (changes included), and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

from stack.paths import ROOT

# What a make hands to those that it starts: these tests run below one themselves, a person's make does not.
OF_MAKE = ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")


def clean_checkout(folder: Path) -> Path:
    """Copy into `folder` what a clone would contain."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def with_tools(checkout: Path) -> Path:
    """The same with the virtual environment that `make` would install: no package index can be reached."""
    (checkout / ".venv").symlink_to(sys.prefix)
    return checkout


def run_inside(checkout: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout as a person would; stdout and stderr are captured together."""
    return subprocess.run(
        [
            "env",
            *(f"--unset={name}" for name in OF_MAKE),
            *(f"{name}={value}" for name, value in variables.items()),
            *command,
        ],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )

"""The operator's commands, run as a person runs them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.paths import ROOT


def run_stack(
    *arguments: str, checkout: Path = ROOT, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python -m stack` to its end (five minutes at most), with `variables` in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "stack", *arguments],
        cwd=checkout,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

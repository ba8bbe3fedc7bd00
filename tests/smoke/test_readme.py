"""The README's first screen: a newcomer's first log line, by the commands that stand there."""

import json
import re
import subprocess

from stack.paths import ROOT
from tests.smoke.conftest import PIPELINE
from tests.support.eventually import eventually

FIRST_LINE = re.search(r"Your first log line.*?```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_first_log_line() -> None:
    assert FIRST_LINE
    drive, look = FIRST_LINE[1].split("\n", 1)

    driven = subprocess.run(["bash", "-c", drive], cwd=ROOT, capture_output=True, text=True, check=False)

    assert driven.returncode == 0, driven.stdout + driven.stderr
    eventually(lambda: lines(look), sent=drive, components=("backend", *PIPELINE))


def lines(command: str) -> list[str]:
    """The bodies of the lines in what Loki answers."""
    answer = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [body for stream in json.loads(answer)["data"]["result"] for _, body in stream["values"]]

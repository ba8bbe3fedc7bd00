"""The README's first screen: a newcomer's first log line, by the commands that stand there."""

import json
import re
import subprocess
import time

from stack.paths import ROOT
from tests.smoke.conftest import PIPELINE
from tests.support.eventually import eventually

FIRST_LINE = re.search(r"Your first log line.*?```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_first_log_line() -> None:
    assert FIRST_LINE
    drive, look = FIRST_LINE[1].split("\n", 1)
    began_ns = time.time_ns()

    driven = subprocess.run(["bash", "-c", drive], cwd=ROOT, capture_output=True, text=True, check=False)

    assert driven.returncode == 0, driven.stdout + driven.stderr
    # The newest line: one from before would be an earlier run's.
    eventually(
        lambda: times_of_lines(look),
        lambda times: max(times, default=0) > began_ns,
        sent=drive,
        components=("backend", *PIPELINE),
    )


def times_of_lines(command: str) -> list[int]:
    """When the lines were written that Loki answers with, in Unix nanoseconds."""
    answer = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [int(at) for stream in json.loads(answer)["data"]["result"] for at, _ in stream["values"]]

"""Start-up: from a stopped stack to the application's first line in Loki, with all images local."""

import time
from dataclasses import dataclass

from stack.endpoints import Endpoints
from stack.failure import StepError
from stack.loki import Loki
from stack.process import last_lines, run


@dataclass(frozen=True)
class StartUp:
    """Seconds since `make up` was called."""

    ready: float
    first_line_queryable: float


def measure(at: Endpoints) -> StartUp:
    """Stop the stack (what is stored stays), start it, and wait for a line that the application wrote since.

    Raises:
        StepError: `make down` or `make up` failed.

    """
    _make("down")
    began_ns, began = time.time_ns(), time.monotonic()
    _make("up")
    ready = time.monotonic() - began
    loki = Loki(at.loki)
    while not loki.lines('{service_name="integr8scode-backend"}', start_ns=began_ns, limit=1):
        if time.monotonic() - began > 120:
            raise StepError("start-up", "no line of the backend within 120 s", "`make logs` says why.")
        time.sleep(0.1)
    return StartUp(ready, time.monotonic() - began)


def _make(target: str) -> None:
    result = run(["make", target])
    if result.returncode != 0:
        raise StepError(f"make {target}", last_lines(result.stdout), "Mend that, then measure again.")

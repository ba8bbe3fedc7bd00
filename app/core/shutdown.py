"""The end of a process: what is queued is delivered within a bounded time, however the process ends.

    def main() -> None:
        flush_on_exit()
        run_the_server_or_event_loop()

| the process ends by | and flushes because |
|---|---|
| the end of `main()`, `sys.exit`, an uncaught exception, Ctrl-C | Python runs exit handlers |
| SIGTERM before or after the server runs | `flush_on_exit` turns it into `SystemExit` |
| SIGTERM while uvicorn runs | uvicorn stops gracefully, restores that handler, and raises the signal again |
| SIGTERM while an event loop handles it (FastStream, the workers) | the loop ends, and `main()` with it |

SIGKILL and `os._exit` leave what was queued in the last tenth of a second (or since the Collector went away) to
stdout alone. So does SIGTERM to `uvicorn app.main:app`: that command takes the signals before it imports the
application; start the backend through its `main()`.
"""

import atexit
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

# Docker kills ten seconds after SIGTERM; a server needs some of them to finish its requests.
_SECONDS = 6.0

_flushes: list[Callable[[float], None]] = []


def flush_on_exit() -> None:
    """Turn SIGTERM into a normal exit with code 143, so that `finally` blocks and exit handlers run.

    Call it in `main()`, in the main thread, before the server or event loop starts. A handler that the program
    has already set stays.
    """
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def at_shutdown(flush: Callable[[float], None]) -> None:
    """Have `flush` called once at the end with the seconds that it may take.

    What is set up first is flushed last: metrics still count what became of the last logs and spans.
    """
    _flushes.append(flush)


def shutdown_telemetry(seconds: float = _SECONDS) -> None:
    """Deliver what is queued within `seconds`; Python calls this at exit. A second call does nothing.

    Each signal gets an equal share of what is left; with a Collector that answers, all together take milliseconds.
    """
    deadline = time.monotonic() + seconds
    while _flushes:
        share = (deadline - time.monotonic()) / len(_flushes)
        _flushes.pop()(max(share, 0.0))


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


atexit.register(shutdown_telemetry)

"""The next line that a program prints, without waiting for it for ever."""

import queue
import threading
from typing import IO, AnyStr

# A program's first line takes a second or two; the rest is room for a busy two-core machine.
DEADLINE_SECONDS = 30.0


def next_line(printed: IO[AnyStr], within: float = DEADLINE_SECONDS) -> AnyStr:
    """Read one line; empty once the program has closed its output.

    Raises:
        AssertionError: no line came within so many seconds. What reads it goes on waiting, so the test has to end.

    """
    lines: queue.Queue[AnyStr] = queue.Queue()
    threading.Thread(target=lambda: lines.put(printed.readline()), daemon=True).start()
    try:
        return lines.get(timeout=within)
    except queue.Empty:
        raise AssertionError(f"no line within {within:g} s") from None

"""Standard output: the durable copy of every line."""

import logging
import sys
from collections.abc import Callable

from app.core.json_line import JsonLine

_LineOf = Callable[[logging.LogRecord], JsonLine]


class StdoutHandler(logging.Handler):
    """Writes each record's line as UTF-8, whatever the locale, in one write, and flushes it."""

    def __init__(self, line_of: _LineOf) -> None:
        super().__init__()
        self.line_of = line_of

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's line; a closed or broken stdout loses it without harm to the caller."""
        try:
            # Looked up each time: test runners and supervisors replace it.
            stream = sys.stdout.buffer
            stream.write(f"{self.line_of(record)}\n".encode())
            stream.flush()
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Stay silent: there is no other place to say it, and a traceback would not be a JSON line."""


def take_over_loggers() -> None:
    """Make every logger's records arrive at the root logger only.

    uvicorn, FastStream and others give their loggers console handlers of their own; those would write
    the same line a second time and not as JSON. Handlers that write elsewhere stay.
    """
    for logger in (logging.getLogger(), *_existing_loggers()):
        for handler in logger.handlers[:]:
            if _writes_to_console(handler):
                logger.removeHandler(handler)
                logger.propagate = True


def _existing_loggers() -> list[logging.Logger]:
    known = logging.Logger.manager.loggerDict.values()
    return [logger for logger in known if isinstance(logger, logging.Logger)]


def _writes_to_console(handler: logging.Handler) -> bool:
    if not isinstance(handler, logging.StreamHandler) or isinstance(handler, logging.FileHandler):
        return False
    return handler.stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)

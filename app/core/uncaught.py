"""What Python itself would print as plain text, as log events: uncaught exceptions and warnings."""

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import TextIO


def log_uncaught() -> None:
    """Log uncaught exceptions of the main thread, of other threads and of finalisers, and all warnings.

    asyncio reports its own through its logger. Exit codes stay what they are.
    """
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable
    warnings.showwarning = _log_warning


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        logging.getLogger("python").warning("interrupted")
        return
    logging.getLogger("python").critical("uncaught exception", exc_info=(kind, error, traceback))


def _log_uncaught_in_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is None or issubclass(failed.exc_type, SystemExit):
        return
    logging.getLogger("python").critical(
        "uncaught exception in a thread",
        exc_info=(failed.exc_type, failed.exc_value, failed.exc_traceback),
        extra={"thread_name": failed.thread.name if failed.thread else ""},
    )


def _log_unraisable(ignored: "sys.UnraisableHookArgs") -> None:
    if ignored.exc_value is None:
        return
    logging.getLogger("python").error(
        ignored.err_msg or "exception ignored",
        exc_info=(ignored.exc_type, ignored.exc_value, ignored.exc_traceback),
        extra={"raised_in": repr(ignored.object)},
    )


def _log_warning(  # noqa: PLR0917 (the signature of warnings.showwarning)
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if file is not None:
        file.write(warnings.formatwarning(message, category, filename, lineno, line))
        return
    logging.getLogger("py.warnings").warning(
        str(message), extra={"category": category.__qualname__, "file": filename, "line": lineno}
    )

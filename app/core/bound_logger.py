"""The logger that application code holds."""

import logging

import structlog

from app.core.plain import text_of

_LEVELS = {name.lower(): level for name, level in logging.getLevelNamesMapping().items()}
_LEVELS |= {"exception": logging.ERROR, "notset": logging.NOTSET}


class BoundLogger(structlog.stdlib.BoundLogger):
    """structlog's logger for the standard library, made cheaper where a service spends its time.

    The rendered line goes straight to the handlers: what `logging.Logger` would do first (look up the caller,
    attach the raw exception once more) would be thrown away. Calls below the level return at once; `filter_by_level`
    decides the same inside the chain, but only after the event has been put together.
    """

    def debug(self, event: str | None = None, *args: object, **kw: object) -> object:
        """Log at DEBUG, if that is enabled."""
        if self._logger.isEnabledFor(logging.DEBUG):
            return super().debug(event, *args, **kw)
        return None

    def info(self, event: str | None = None, *args: object, **kw: object) -> object:
        """Log at INFO, if that is enabled."""
        if self._logger.isEnabledFor(logging.INFO):
            return super().info(event, *args, **kw)
        return None

    def _proxy_to_logger(self, method_name: str, event: str | None = None, *event_args: object, **kw: object) -> None:
        if event_args:
            event = _interpolate(event, event_args)
        try:
            (line,), _ = self._process_event(method_name, event, kw)
        except structlog.DropEvent:
            return
        logger = self._logger
        logger.handle(logger.makeRecord(logger.name, _LEVELS[method_name], "", 0, line, (), None))


def _interpolate(event: str | None, arguments: tuple[object, ...]) -> str:
    try:
        return str(event) % arguments
    except Exception:
        return f"{event} {text_of(arguments)}"

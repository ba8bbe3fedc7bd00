"""The start of every process: its telemetry, in the one order that works."""

import structlog

from app.core.logging import setup_log_exporter, setup_logger
from app.core.metrics import setup_metrics
from app.core.settings import Settings
from app.core.tracing import setup_tracing


def start_telemetry(settings: Settings) -> structlog.stdlib.BoundLogger:
    """Set up logs, traces and metrics; called once by `create_app` and by each worker's `main()`.

    Logs come first, so that what the other two have to say is already written as JSON and exported.
    """
    logger = setup_logger(settings.LOG_LEVEL)
    setup_log_exporter(settings, logger)
    setup_tracing(settings, logger)
    setup_metrics(settings, logger)
    return logger

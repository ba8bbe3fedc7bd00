"""A Python process as users have one: logs to stdout and over OTLP, at a steady rate, then ends."""

import sys
import time

from app.core.logging import setup_log_exporter, setup_logger
from app.core.settings import Settings
from app.core.shutdown import flush_on_exit

EVENT = "A line is written"


def main(per_second: int, seconds: int) -> None:
    """Log `per_second` lines a second for `seconds`."""
    flush_on_exit()
    settings = Settings()
    logger = setup_logger(settings.LOG_LEVEL)
    setup_log_exporter(settings, logger)
    began = time.monotonic()
    for number in range(per_second * seconds):
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        logger.info(EVENT, number=number)


def is_probe(line: str) -> bool:
    """Whether a line of this process's stdout is one that it was asked for."""
    return f'"event":"{EVENT}"' in line


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""Log records that did not reach the Collector: counted, said, measured."""

import logging
import time
from collections import Counter

_REPORT_EVERY_SECONDS = 60.0

QUEUE_FULL = "queue_full"
REFUSED = "refused"
NOT_DELIVERED_AT_EXIT = "not_delivered_at_exit"
AFTER_SHUTDOWN = "already_shutdown"


class Losses:
    """Counts lost records by reason, and says so on stdout at once and then at most once a minute."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self._said: Counter[str] = Counter()
        self._last_report = float("-inf")
        self._last_error = ""

    def add(self, reason: str, records: int, error: str = "") -> None:
        """Count `records` as lost."""
        self.total[reason] += records
        self._last_error = error or self._last_error

    def report(self) -> None:
        """Say what was lost since the last report, if there is any and the minute is over."""
        if time.monotonic() - self._last_report >= _REPORT_EVERY_SECONDS:
            self.report_now()

    def report_now(self) -> None:
        """Say what was lost since the last report, if there is any."""
        news = self.total - self._said
        if not news:
            return
        self._last_report = time.monotonic()
        self._said = self.total.copy()
        logging.getLogger(__name__).warning(
            "log records were lost on their way to the Collector; stdout has them",
            extra={"lost": dict(news), "lost_since_start": self.total.total(), "last_error": self._last_error},
        )

"""A window of time, as a person gives it on the command line."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NS_PER_SECOND = 10**9
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(?:[0-9]{1,9}[dhms])+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """From `since_ns`, included, to `until_ns`, excluded: nanoseconds since 1970."""

    since_ns: int
    until_ns: int

    def __contains__(self, at_ns: int) -> bool:
        return self.since_ns <= at_ns < self.until_ns

    def __str__(self) -> str:
        return f"{rfc3339(self.since_ns)[:19]}Z to {rfc3339(self.until_ns)[:19]}Z"

    def widened(self, before_seconds: int, after_seconds: int) -> "Window":
        """The window with so much more at either end."""
        since_ns = max(0, self.since_ns - before_seconds * NS_PER_SECOND)
        return Window(since_ns, self.until_ns + after_seconds * NS_PER_SECOND)


def parse_time(text: str, now_ns: int) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time, or of a duration before `now_ns` such as `90s`, `2h30m` or `7d`.

    Raises:
        ValueError: names the text, and the forms that can be read.

    """
    if _DURATION.fullmatch(text):
        amounts = re.findall(r"(\d+)([dhms])", text)
        try:
            ago = sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in amounts), timedelta())
        except OverflowError:
            raise ValueError(f"{text!r} is longer ago than any clock reaches") from None
        return max(0, now_ns - ago // timedelta(microseconds=1) * 1000)
    try:
        at_ns = nanoseconds(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is neither a duration (90s, 15m, 2h30m, 7d) nor an RFC 3339 time (2026-01-31T13:00:00Z)"
        ) from None
    if at_ns > now_ns:
        raise ValueError(f"{text!r} is in the future (now: {rfc3339(now_ns)[:19]}Z)")
    return at_ns


def nanoseconds(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time, to the microsecond.

    Raises:
        ValueError: it is none, or has no offset: what it means would depend on the machine.

    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC (Z or +01:00)")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def rfc3339(at_ns: int) -> str:
    """UTC with nine digits after the second."""
    seconds, rest = divmod(at_ns, NS_PER_SECOND)
    return f"{(_EPOCH + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')}.{rest:09d}Z"

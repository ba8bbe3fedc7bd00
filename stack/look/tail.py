"""`make tail`: new log lines of all services, or of one, as they become queryable."""

import time
from collections.abc import Iterator

from stack.failure import StepError
from stack.stores.loki import Line, Loki

# A level, and how Loki spells it: it reads a record's severity first, and the line's own word for it otherwise.
LEVELS = {
    "debug": ("trace", "debug"),
    "info": ("info",),
    "warning": ("warn", "warning"),
    "error": ("error",),
    "critical": ("critical", "fatal"),
}
# Loki's own pace: a line is queryable a fifth of a second after it was emitted.
POLL_SECONDS = 0.5
# Lines of different services arrive out of order by up to the exporters' batching; each poll looks back that far.
OVERLAP_NS = 5 * 10**9
PAGE = 1000


def selector(service: str | None, level: str | None, loki: Loki) -> str:
    """The LogQL for one service (with or without the namespace) and a least level.

    Raises:
        StepError: no such level, or no such service has logged in the last hour.
    """
    chosen = '{service_namespace=~".+"}'
    if service:
        known = loki.label_values("service_name")
        found = next((name for name in (service, f"integr8scode-{service}") if name in known), None)
        if found is None:
            listed = ", ".join(sorted(known)) or "none"
            raise StepError(
                "following the logs", f"no lines of a service {service!r} in the last hour", f"There is: {listed}"
            )
        chosen = f'{{service_name="{found}"}}'
    if level:
        if level.lower() not in LEVELS:
            raise StepError("following the logs", f"{level!r} is no level", f"Use one of {', '.join(LEVELS)}.")
        from_there_on = list(LEVELS.values())[list(LEVELS).index(level.lower()) :]
        chosen += f' | detected_level=~"{"|".join(spelling for spellings in from_there_on for spelling in spellings)}"'
    return chosen


def follow(loki: Loki, logql: str, since_ns: int) -> Iterator[Line]:
    """Yield the lines since `since_ns` (nanoseconds since 1970), oldest first, and then each new one, for ever."""
    newest = since_ns
    seen: dict[tuple[int, str, str], None] = {}
    while True:
        began = time.monotonic()
        looked_back = max(since_ns, newest - OVERLAP_NS)
        lines = loki.lines(logql, start_ns=looked_back, limit=PAGE, direction="forward")
        fresh = [line for line in lines if _key(line) not in seen]
        yield from fresh
        seen |= dict.fromkeys(map(_key, fresh))
        if lines:
            newest = max(newest, lines[-1].timestamp_ns)
        for key in [key for key in seen if key[0] < newest - OVERLAP_NS]:
            del seen[key]
        if len(lines) < PAGE:
            time.sleep(max(0.0, began + POLL_SECONDS - time.monotonic()))


def _key(line: Line) -> tuple[int, str, str]:
    return line.timestamp_ns, line.labels.get("service_name", ""), line.body

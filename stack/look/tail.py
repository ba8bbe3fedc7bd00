"""`make tail`: which lines it shows, of all services or of one."""

from stack.failure import StepError
from stack.stores.loki import Loki

# A level, and how Loki spells it: it reads a record's severity first, and the line's own word for it otherwise.
LEVELS = {
    "debug": ("trace", "debug"),
    "info": ("info",),
    "warning": ("warn", "warning"),
    "error": ("error",),
    "critical": ("critical", "fatal"),
}


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

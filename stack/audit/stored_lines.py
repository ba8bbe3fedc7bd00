"""What Loki holds of a service."""

from collections.abc import Iterator
from itertools import chain

from stack.docker.endpoints import endpoints
from stack.failure import StepError
from stack.stores.loki import MOST_LINES, Line, PatientLoki
from stack.stores.loki_pages import Pages
from stack.time_range import Window, rfc3339


def read(service_name: str, namespace: str, window: Window) -> Iterator[Line]:
    """Every line of the service in `window`, in the order of time, copies included.

    Raises:
        StepError: Loki does not answer, or refuses the query.

    """
    # Of the structured metadata only what keeps copies apart: Loki shows lines that have all in common once.
    selector = f'{{service_name="{_escaped(service_name)}",service_namespace="{_escaped(namespace)}"}}'
    query = f"{selector} | keep observed_timestamp, backfilled"

    def crowded(at_ns: int) -> None:
        raise StepError(
            f"reading the lines of {service_name} from Loki",
            f"{MOST_LINES} or more have the time {rfc3339(at_ns)}, and Loki gives no more than that for one query",
            "Audit before and after that time (--since, --until).",
        )

    pages = Pages(PatientLoki(endpoints().loki), query, crowded)
    return chain.from_iterable(pages.between(window.since_ns, window.until_ns))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')

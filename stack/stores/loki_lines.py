"""What Loki holds of a service, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import requests
from requests.adapters import HTTPAdapter, Retry

from stack.failure import StepError
from stack.stores.loki import MOST_LINES
from stack.time_range import NS_PER_SECOND, Window, rfc3339

# What a page should weigh: few enough requests for short lines, and bounded memory, here and in Loki, for long ones.
_LIGHT_PAGE_BYTES = 2 * 1024 * 1024
_HEAVY_PAGE_BYTES = 8 * 1024 * 1024
# Loki's split_queries_by_interval: a longer query becomes several, and those behind the one that fills the page have
# been asked in vain.
_SPLIT_NS = 15 * 60 * NS_PER_SECOND
_REQUEST_SECONDS = 120
# Loki holds empty answers of past queries in its cache: what was backfilled since would not be seen.
_HEADERS = {"Cache-Control": "no-cache"}
# Loki, too, may be busy for a moment.
_RETRIES = Retry(total=4, backoff_factor=0.5, status_forcelist=[429, 500, 502, 503, 504], raise_on_status=False)


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line in Loki."""

    at_ns: int
    body: str


def read(url: str, service_name: str, namespace: str, window: Window) -> Iterator[StoredLine]:
    """Every line of the service in `window`, pages in the order of time, copies included.

    Raises:
        StepError: Loki does not answer, or refuses the query.

    """
    # Of the structured metadata only what keeps copies apart: Loki shows lines that have all in common once.
    selector = f'{{service_name="{_escaped(service_name)}",service_namespace="{_escaped(namespace)}"}}'
    query = f"{selector} | keep observed_timestamp, backfilled"
    start_ns, span_ns, limit = window.since_ns, _SPLIT_NS, 1000
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=_RETRIES))
        while start_ns < window.until_ns:
            end_ns = min((start_ns // span_ns + 1) * span_ns, window.until_ns)
            size, lines = _page(session, url, query, Window(start_ns, end_ns), limit)
            if len(lines) < limit:
                yield from lines
                # Quiet days pass in longer and longer steps.
                start_ns, span_ns = end_ns, span_ns * 2
                continue
            # A full page may end between lines of one time: what is of its last time is asked again.
            last_ns = max(line.at_ns for line in lines)
            if last_ns == start_ns and limit == MOST_LINES:
                raise _too_many_at_once(service_name, last_ns)
            yield from (line for line in lines if line.at_ns < last_ns)
            limit = MOST_LINES if last_ns == start_ns else _next_limit(limit, size)
            start_ns, span_ns = last_ns, _SPLIT_NS


def require_ready(url: str) -> None:
    """Return if Loki is ready.

    Raises:
        StepError: it is not, or does not answer.

    """
    try:
        response = requests.get(f"{url}/ready", timeout=10)
    except requests.RequestException as error:
        raise _no_answer(url, error) from error
    if response.status_code != requests.codes.ok:
        raise StepError(
            "asking Loki", f"{url} is not ready: {response.text.strip()}", "Wait until it is, then try again."
        )


def _next_limit(limit: int, page_bytes: int) -> int:
    if page_bytes > _HEAVY_PAGE_BYTES:
        return max(limit // 4, 10)
    return min(limit * 2, MOST_LINES) if page_bytes < _LIGHT_PAGE_BYTES else limit


def _page(session: requests.Session, url: str, query: str, window: Window, limit: int) -> tuple[int, list[StoredLine]]:
    parameters: dict[str, str | int] = {
        "query": query,
        "start": window.since_ns,
        "end": window.until_ns,
        "limit": limit,
        "direction": "forward",
    }
    try:
        response = session.get(
            f"{url}/loki/api/v1/query_range", params=parameters, headers=_HEADERS, timeout=_REQUEST_SECONDS
        )
    except requests.RequestException as error:
        raise _no_answer(url, error) from error
    if response.status_code != requests.codes.ok:
        raise StepError(
            "asking Loki",
            f"{query} in {window}: {response.status_code} {response.text.strip()[:500]}",
            "Mend what Loki's answer names (often: a shorter window), then try again.",
        )
    streams = orjson.loads(response.content)["data"]["result"]
    lines = [StoredLine(int(at), body) for stream in streams for at, body in stream["values"]]
    return len(response.content), lines


def _no_answer(url: str, error: requests.RequestException) -> StepError:
    return StepError(
        "asking Loki",
        f"{url} does not answer ({type(error).__name__})",
        "`make up`, or wait until Loki is ready; then try again.",
    )


def _too_many_at_once(service_name: str, at_ns: int) -> StepError:
    return StepError(
        f"reading the lines of {service_name} from Loki",
        f"{MOST_LINES} or more have the time {rfc3339(at_ns)}, and Loki gives no more than that for one query",
        "Audit before and after that time (--since, --until).",
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')

"""A question over all that Loki keeps, as a person asks it who does not know what it costs."""

import requests

from stack.stores.loki import MOST_LINES

THIRTY_DAYS_NS = 30 * 24 * 3600 * 10**9
# As Grafana: `timeout` in grafana/provisioning/datasources/datasources.yml.
GIVE_UP_AFTER_SECONDS = 300


def ask(loki_url: str, logql: str, now_ns: int) -> requests.Response:
    """What Loki answers for the thirty days before `now_ns`.

    Raises:
        requests.RequestException: nothing, for as long as Grafana would wait.

    """
    parameters: dict[str, str | int] = {
        "query": logql,
        "start": now_ns - THIRTY_DAYS_NS,
        "end": now_ns,
        "limit": MOST_LINES,
    }
    return requests.get(f"{loki_url}/loki/api/v1/query_range", params=parameters, timeout=GIVE_UP_AFTER_SECONDS)

"""OTLP over HTTP, as each sender of this project keeps to it: backfill, the benchmarks and the tests.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from typing import Final

import requests

PROTOBUF_HEADERS: Final = {"Content-Type": "application/x-protobuf"}
# A sender comes back after these and after a broken connection, and gives up after everything else.
RETRYABLE: Final = frozenset({429, 502, 503, 504})


def post(url: str, request: bytes, *, timeout: float = 10) -> requests.Response:
    """Send an export request, a serialised protobuf, once; whoever sends it looks at the answer.

    Raises:
        requests.RequestException: nothing answered within `timeout` seconds.

    """
    return requests.post(url, request, headers=PROTOBUF_HEADERS, timeout=timeout)

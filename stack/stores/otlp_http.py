"""OTLP over HTTP, as each sender of this project keeps to it: backfill, the benchmarks and the tests.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from typing import Final

PROTOBUF_HEADERS: Final = {"Content-Type": "application/x-protobuf"}
# A sender comes back after these and after a broken connection, and gives up after everything else.
RETRYABLE: Final = frozenset({429, 502, 503, 504})

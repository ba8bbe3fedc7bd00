"""What a log call with five fields costs the thread that makes it, of what python-json-logger's costs.

Each way of logging has a process of its own. Their rounds are short and alternate, so that a busy moment of the
machine hits all of them, and the best round of each counts.
"""

import gc
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import grpc
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from pythonjsonlogger.orjson import OrjsonFormatter

from app.core.logging import setup_log_exporter, setup_logger
from app.core.settings import Settings

_ROUNDS = 60
_CALLS = 400
# What a round has queued is sent meanwhile: what is measured is the call, not a full queue.
_REST_SECONDS = 0.04
# As an access log or a job's end has them; nothing in them is secret.
_FIELDS: dict[str, Any] = {
    "execution_id": "7f9c24e8-3b1a-4d5e-9c6f-0a1b2c3d4e5f",
    "path": "/api/v1/executions",
    "status_code": 201,
    "duration_ms": 12.75,
    "cached": False,
}
_EVENT = "execution accepted"

Call = Callable[[], object]


def shares() -> tuple[float, float]:
    """How many times as long a call of this project takes: to stdout, and with OTLP besides."""
    with _sink() as endpoint:
        theirs, stdout, otlp = _measured_alternating([_python_json_logger, _to_stdout, _to_otlp], endpoint)
    return stdout / theirs, otlp / theirs


def _python_json_logger(_endpoint: str) -> Call:
    """With its orjson formatter, its fastest."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OrjsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("integr8scode")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return lambda: logger.info(_EVENT, extra=_FIELDS)


def _to_stdout(_endpoint: str) -> Call:
    logger = setup_logger("INFO")
    return lambda: logger.info(_EVENT, **_FIELDS)


def _to_otlp(endpoint: str) -> Call:
    logger = setup_logger("INFO")
    setup_log_exporter(Settings(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint), logger)
    return lambda: logger.info(_EVENT, **_FIELDS)


def _measured_alternating(ways: list[Callable[[str], Call]], endpoint: str) -> list[float]:
    """Seconds of CPU of the calling thread for a round of calls, each way's best."""
    context = multiprocessing.get_context("spawn")
    workers: list[Connection] = []
    for way in ways:
        ours, theirs = context.Pipe()
        context.Process(target=_work, args=(way, endpoint, theirs), daemon=True).start()
        workers.append(ours)
    rounds = [[_ask(worker) for worker in workers] for _ in range(_ROUNDS)]
    for worker in workers:
        worker.send("end")
    return [min(of_one_way) for of_one_way in zip(*rounds, strict=True)]


def _ask(worker: Connection) -> float:
    worker.send("measure")
    return float(worker.recv())


def _work(way: Callable[[str], Call], endpoint: str, orders: Connection) -> None:
    """Set a way of logging up in this process, inside a span, with stdout going nowhere, and measure on request."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    call = way(endpoint)
    trace.set_tracer_provider(TracerProvider(shutdown_on_exit=False))
    gc.disable()
    with trace.get_tracer(__name__).start_as_current_span("request"):
        while orders.recv() == "measure":
            orders.send(_cost_of(call))
    os._exit(0)


def _cost_of(call: Call) -> float:
    begun = time.thread_time()
    for _ in range(_CALLS):
        call()
    seconds = time.thread_time() - begun
    time.sleep(_REST_SECONDS)
    return seconds


@contextmanager
def _sink() -> Iterator[str]:
    """An OTLP receiver that reads and forgets."""
    handler = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")
    service = "opentelemetry.proto.collector.logs.v1.LogsService"
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop(grace=None)

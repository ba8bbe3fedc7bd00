"""What a log call costs the thread that makes it, side by side with what others cost.

Each variant runs in a process of its own; the rounds of all variants alternate, so that a busy moment of the machine
hits all of them, and the best round of each counts. `python -m bench.guard.logging_cost --json` prints figures for a
machine.
"""

import gc
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated

import grpc
import typer
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from rich.console import Console
from rich.table import Table

from bench.guard.log_variants import VARIANTS, Call
from bench.guard.logging_plot import plot

_CALLS = 4_000
_ROUNDS = 12
# A burst would fill the queues of the SDK (2,048 records) and measure how cheap losing is.
_CALLS_BETWEEN_RESTS = 400
_REST_SECONDS = 0.12

_BASE = "python-json-logger + orjson"
_TEXT = "stdlib text"


@dataclass
class Cost:
    """Microseconds a call; `info` and `debug` of the calling thread's CPU, `wall` of an `info` call's elapsed time."""

    info: float = float("inf")
    debug: float = float("inf")
    wall: float = float("inf")


def main(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    rounds: Annotated[int, typer.Option(help="How often each variant is measured.")] = _ROUNDS,
    picture: Annotated[Path | None, typer.Option("--plot", help="Draw the figures into this PNG file.")] = None,
) -> None:
    """Measure a call with five fields in every variant."""
    with _sink() as endpoint:
        costs = _measure_alternating(endpoint, rounds)
    if as_json:
        typer.echo(json.dumps({name: asdict(cost) for name, cost in costs.items()}, indent=2))
    else:
        _print(costs)
    if picture:
        plot({name: cost.info for name, cost in costs.items()}, picture)


def _measure_alternating(endpoint: str, rounds: int) -> dict[str, Cost]:
    context = multiprocessing.get_context("spawn")
    workers: dict[str, Connection] = {}
    for name in VARIANTS:
        ours, theirs = context.Pipe()
        context.Process(target=_work, args=(name, endpoint, theirs), daemon=True).start()
        workers[name] = ours
    costs = {name: Cost() for name in VARIANTS}
    for _ in range(rounds):
        for name, worker in workers.items():
            worker.send("measure")
            info, debug, wall = worker.recv()
            best = costs[name]
            best.info, best.debug, best.wall = min(best.info, info), min(best.debug, debug), min(best.wall, wall)
    for worker in workers.values():
        worker.send("end")
    return costs


def _work(variant: str, endpoint: str, orders: Connection) -> None:
    """Set the variant up in this process, inside a span, with stdout going nowhere, and measure on request."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    calls = VARIANTS[variant](endpoint)
    trace.set_tracer_provider(TracerProvider(shutdown_on_exit=False))
    gc.disable()
    with trace.get_tracer(__name__).start_as_current_span("request"):
        while orders.recv() == "measure":
            cpu, wall = _cost_of(calls.info)
            orders.send((cpu, _cost_of(calls.debug)[0], wall))
    os._exit(0)


def _cost_of(call: Call) -> tuple[float, float]:
    """Return the microseconds of this thread's CPU and of elapsed time that one call takes."""
    cpu = wall = 0.0
    for _ in range(_CALLS // _CALLS_BETWEEN_RESTS):
        cpu_begun, wall_begun = time.thread_time(), time.perf_counter()
        for _ in range(_CALLS_BETWEEN_RESTS):
            call()
        cpu += time.thread_time() - cpu_begun
        wall += time.perf_counter() - wall_begun
        time.sleep(_REST_SECONDS)
    return cpu / _CALLS * 1e6, wall / _CALLS * 1e6


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


def _print(costs: dict[str, Cost]) -> None:
    table = Table(title="One call with five fields, µs (best of all rounds)")
    table.add_column("variant")
    for column in ("info", "x json-logger", "filtered debug", "x text info", "info, elapsed"):
        table.add_column(column, justify="right")
    for name, cost in costs.items():
        table.add_row(
            name,
            f"{cost.info:.1f}",
            f"{cost.info / costs[_BASE].info:.2f}",
            f"{cost.debug:.2f}",
            f"{cost.debug / costs[_TEXT].info:.3f}",
            f"{cost.wall:.1f}",
        )
    console = Console()
    console.print(table)
    upstream = costs["upstream, redaction + OTLP"].info / costs["ours + OTLP"].info
    console.print(f"upstream with redaction and OTLP costs {upstream:.1f} x ours with OTLP")


if __name__ == "__main__":
    typer.run(main)

"""However a process ends, what it has logged is delivered, and it ends in time without a Collector too."""

import signal

import pytest

from app.core.service_names import ServiceName
from tests.unit.core import programs
from tests.unit.core.collector import Collector

# Docker kills ten seconds after SIGTERM.
GRACE_SECONDS = 10
MANY = 3_000

LOG_MANY = f"""
flush_on_exit()
for number in range({MANY}):
    logger.info("line", number=number)
"""
SERVE_WITH_UVICORN = """
import uvicorn
from fastapi import FastAPI
app = FastAPI()
uvicorn.run(app, host="127.0.0.1", port=0, log_config=None)
"""
RUN_AN_EVENT_LOOP = """
async def work():
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    logger.info("Worker is ready")
    await stopping.wait()
    logger.info("Worker stopped")

asyncio.run(work())
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise RuntimeError('uncaught')", 1),
        ("os.kill(os.getpid(), signal.SIGTERM)", 128 + signal.SIGTERM),
        ("os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT),
        ("threading.Thread(target=lambda: logger.info('last')).start()", 0),
    ],
    ids=["end of main", "sys.exit", "uncaught exception", "SIGTERM", "SIGINT", "thread outlives main"],
)
def test_everything_is_delivered(collector: Collector, end: str, code: int) -> None:
    finished = programs.run(f"{LOG_MANY}{end}", collector.endpoint)
    assert finished.code == code
    assert len(collector.received) == len(finished.lines) >= MANY


@pytest.mark.parametrize(
    ("program", "ready", "last", "code"),
    [
        (SERVE_WITH_UVICORN, "Uvicorn running", "Finished server process", 128 + signal.SIGTERM),
        (RUN_AN_EVENT_LOOP, "Worker is ready", "Worker stopped", 0),
    ],
    ids=["uvicorn", "event loop"],
)
def test_sigterm_to_a_running_server_delivers_everything(
    collector: Collector, program: str, ready: str, last: str, code: int
) -> None:
    process = programs.start(LOG_MANY + program, collector.endpoint)
    process.wait_for_line(ready)
    finished = process.end(signal.SIGTERM)
    assert finished.code == code
    assert any(last in line["event"] for line in finished.lines)
    assert len(collector.received) == len(finished.lines) > MANY


@pytest.mark.parametrize("away", ["not listening", "silent"])
def test_it_ends_in_time_without_a_collector(collector: Collector, away: str) -> None:
    if away == "not listening":
        collector.stop()
    with collector.silent():
        process = programs.start(
            f"""{LOG_MANY}
with trace.get_tracer("t").start_as_current_span("s"):
    logger.info("ready")
time.sleep(60)
""",
            collector.endpoint,
        )
        process.wait_for_line("ready")
        finished = process.end(signal.SIGTERM)
    assert finished.seconds < GRACE_SECONDS - 2
    report = next(line for line in finished.lines if "were lost" in line["event"])
    assert report["lost"] == {"not_delivered_at_exit": MANY + 1}


@pytest.mark.parametrize("service", ServiceName)
def test_the_services_own_main_delivers_everything(collector: Collector, service: ServiceName, free_port: int) -> None:
    name = "main" if service is ServiceName.BACKEND else f"workers.{service.compose_service.replace('-', '_')}"
    process = programs.start_module(
        f"app.{name}",
        collector.endpoint,
        OTEL_SERVICE_NAME=service,
        REDIS_URL="redis://127.0.0.1:1/0",
        BACKEND_PORT=str(free_port),
    )
    process.wait_for_line('"level"')
    finished = process.end(signal.SIGTERM)
    assert finished.seconds < GRACE_SECONDS - 2
    assert finished.stderr == ""
    exported = [line for line in finished.lines if not line["logger"].startswith("opentelemetry")]
    assert len(collector.received) == len(exported) > 0

"""An exception that a request leaves unhandled is one line and one record, whoever reports it, and without secrets."""

import pytest

from tests.unit.core import programs
from tests.unit.core.collector import Collector

FAILING_REQUEST = """
import httpx, uvicorn
from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

app = FastAPI()

@app.get("/fails")
def fails() -> None:
    raise RuntimeError("password=hunter2")

if {instrumented}:
    FastAPIInstrumentor.instrument_app(app)
server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
thread = threading.Thread(target=server.run)
thread.start()
while not server.started:
    time.sleep(0.01)
port = server.servers[0].sockets[0].getsockname()[1]
answer = httpx.get(f"http://127.0.0.1:{{port}}/fails?token=hunter2", trust_env=False)
logger.info("answered", status_code=answer.status_code)
server.should_exit = True
thread.join()
"""


@pytest.mark.parametrize(
    ("instrumented", "reported_by"),
    [(False, "fastapi"), (True, "uvicorn.error")],
    ids=["FastAPI's own telemetry", "FastAPIInstrumentor"],
)
def test_unhandled_exception(collector: Collector, instrumented: bool, reported_by: str) -> None:
    finished = programs.run(FAILING_REQUEST.format(instrumented=instrumented), collector.endpoint)
    assert [line["status_code"] for line in finished.lines if line["event"] == "answered"] == [500]

    (line,) = [line for line in finished.lines if "exception" in line]
    assert (line["logger"], line["level"]) == (reported_by, "error")
    assert (line["exception_type"], line["exception_message"]) == ("RuntimeError", "password=[REDACTED]")

    (record,) = [each for each in collector.received if "exception.type" in each.attributes]
    assert record.fields == line
    assert record.attributes["exception.stacktrace"].endswith("RuntimeError: password=[REDACTED]")

    assert finished.stderr == ""
    assert collector.spans
    assert "hunter2" not in f"{finished.stdout} {collector.received} {collector.spans}"


def test_fastapis_report_belongs_to_the_span_of_the_request(collector: Collector) -> None:
    programs.run(FAILING_REQUEST.format(instrumented=False), collector.endpoint)
    (record,) = [each.record for each in collector.received if each.scope == "fastapi"]
    (span,) = [span for span in collector.spans if span.name == "GET /fails"]
    assert (record.trace_id, record.span_id) == (span.trace_id, span.span_id)

"""Every line of a process is one JSON object on stdout and one OpenTelemetry record, whoever wrote it."""

from collections import Counter
from datetime import datetime

import pytest

from tests.unit.core import programs
from tests.unit.core.collector import Collector, Received

EVERYTHING = """
class Broken:
    def __repr__(self):
        raise RuntimeError("no repr")

tracer = trace.get_tracer("test")
with tracer.start_as_current_span("request"):
    structlog.contextvars.bind_contextvars(execution_id="e-1")
    logger.info("structlog", n=1)
    logging.getLogger("library").warning("stdlib %s", "argument", extra={"field": [1, 2]})
    structlog.contextvars.clear_contextvars()
logger.info("odd values", broken=Broken(), nan=float("nan"), big=2**70, bytes=b"\\xff", keys={1: 2}, sur="\\ud800")
loop = {}
loop["loop"] = loop
logger.info("circular", loop=loop)
logger.info("positional %s and %d", "text", 7)
logger.info("wrong %d", "arguments")
logging.getLogger("library").info("wrong %d", "arguments")
logging.getLogger("library").info({"event": "a dict", "n": 1})
logging.getLogger("library").info("named %(password)s of %(user)s", {"password": "hunter2", "user": "bob"})
logger.warning("stack", stack_info=True)
try:
    raise ValueError("password=hunter2")
except ValueError:
    logger.exception("structlog exception")
    logging.getLogger("library").exception("stdlib exception")
warnings.warn("a warning")
logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "GET", "/x?token=hunter2", "1.1", 200)
logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\\x1b[1mStarted"})

def fail_in_thread():
    raise RuntimeError("in a thread")

thread = threading.Thread(target=fail_in_thread, name="worker-1")
thread.start()
thread.join()

async def fail_in_task():
    raise RuntimeError("in a task")

async def forget_a_task():
    task = asyncio.create_task(fail_in_task())
    await asyncio.sleep(0.01)
    del task

asyncio.run(forget_a_task())

class Finaliser:
    def __del__(self):
        raise RuntimeError("in a finaliser")

Finaliser()

from opentelemetry._logs import SeverityNumber, get_logger
with tracer.start_as_current_span("api"):
    get_logger("library.otel").emit(
        body="OpenTelemetry API", severity_number=SeverityNumber.ERROR, event_name="library.failed",
        exception=RuntimeError("password=hunter2"), attributes={"http.route": "/x"},
    )
raise RuntimeError("uncaught password=hunter2")
"""


@pytest.fixture(scope="module")
def finished(module_collector: Collector) -> programs.Finished:
    return programs.run(EVERYTHING, module_collector.endpoint)


@pytest.fixture(scope="module")
def records(module_collector: Collector, finished: programs.Finished) -> dict[str, Received]:
    """What was exported, by the event of its body."""
    received = module_collector.wait_for(len(finished.lines))
    return {each.fields["event"]: each for each in received}


def test_the_program_ends_as_it_would_without_logging(finished: programs.Finished) -> None:
    assert finished.code == 1
    assert finished.stderr == ""


def test_stdout_and_export_carry_the_same_lines_once(
    finished: programs.Finished, module_collector: Collector, records: dict[str, Received]
) -> None:
    assert len(records) == len(finished.lines) >= 20
    assert Counter(each.body for each in module_collector.received) == Counter(finished.stdout.splitlines())


def test_every_line_has_what_queries_rely_on(finished: programs.Finished) -> None:
    for line in finished.lines:
        assert {"event", "level", "logger", "timestamp"} <= line.keys()
        assert line["timestamp"].endswith("Z")


def test_lines_are_compact(finished: programs.Finished) -> None:
    assert '"level":"error"' in finished.stdout


def test_nothing_secret_is_left(finished: programs.Finished, module_collector: Collector) -> None:
    assert "hunter2" not in finished.stdout
    assert not [each for each in module_collector.received if "hunter2" in str(each.record)]


def test_lines_inside_a_span_carry_its_ids(records: dict[str, Received]) -> None:
    for event in ("structlog", "stdlib argument"):
        received = records[event]
        assert received.fields["trace_id"] == received.record.trace_id.hex()
        assert received.fields["span_id"] == received.record.span_id.hex()
        assert received.fields["execution_id"] == "e-1"
    assert "trace_id" not in records["circular"].fields
    assert records["circular"].record.trace_id == b""


def test_times_of_record_and_line_are_equal(records: dict[str, Received]) -> None:
    for received in records.values():
        written = datetime.fromisoformat(received.fields["timestamp"])
        assert round(written.timestamp() * 1e6) * 1000 == received.record.time_unix_nano


@pytest.mark.parametrize(
    ("event", "level", "number", "text"),
    [
        ("structlog", "info", 9, "INFO"),
        ("stdlib argument", "warning", 13, "WARN"),
        ("structlog exception", "error", 17, "ERROR"),
        ("uncaught exception", "critical", 21, "FATAL"),
        ("OpenTelemetry API", "error", 17, "ERROR"),
    ],
)
def test_severity(records: dict[str, Received], event: str, level: str, number: int, text: str) -> None:
    received = records[event]
    assert received.fields["level"] == level
    assert (received.record.severity_number, received.record.severity_text) == (number, text)


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ("structlog exception", "ValueError", "password=[REDACTED]"),
        ("stdlib exception", "ValueError", "password=[REDACTED]"),
        ("uncaught exception", "RuntimeError", "uncaught password=[REDACTED]"),
        ("uncaught exception in a thread", "RuntimeError", "in a thread"),
        ("Task exception was never retrieved", "RuntimeError", "in a task"),
        ("OpenTelemetry API", "RuntimeError", "password=[REDACTED]"),
    ],
)
def test_exceptions_are_fields_of_the_line_and_attributes_of_the_record(
    records: dict[str, Received], event: str, kind: str, message: str
) -> None:
    received = next(each for name, each in records.items() if name.splitlines()[0] == event)
    assert received.fields["exception_type"] == kind
    assert received.fields["exception_message"] == message
    assert received.fields["exception"].endswith(f"{kind}: {message}")
    assert received.attributes == {
        "exception.type": kind,
        "exception.message": message,
        "exception.stacktrace": received.fields["exception"],
    }


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("stdlib argument", {"logger": "library", "field": [1, 2]}),
        ("positional text and 7", {}),
        ("wrong %d ('arguments',)", {}),
        ("a dict", {"n": 1}),
        ("named [REDACTED] of bob", {}),
        ("a warning", {"logger": "py.warnings", "category": "UserWarning"}),
        ("Started", {"logger": "uvicorn.error"}),
        (
            '1.2.3.4:5 - "GET /x?token=[REDACTED] HTTP/1.1" 200',
            {"method": "GET", "path": "/x?token=[REDACTED]", "status_code": 200},
        ),
        ("odd values", {"nan": "NaN", "big": str(2**70), "bytes": "\\xff", "keys": {"1": 2}, "sur": "\\ud800"}),
        ("odd values", {"broken": "<unprintable Broken: RuntimeError>"}),
        ("circular", {"loop": {"loop": "<circular dict>"}}),
        ("uncaught exception in a thread", {"thread_name": "worker-1"}),
        ("OpenTelemetry API", {"logger": "library.otel", "http.route": "/x", "event_name": "library.failed"}),
    ],
)
def test_fields(records: dict[str, Received], event: str, fields: dict[str, object]) -> None:
    assert fields.items() <= records[event].fields.items()


def test_the_scope_is_the_loggers_name(records: dict[str, Received]) -> None:
    assert {(each.scope, each.fields["logger"]) for each in records.values()} >= {("library", "library")}
    assert all(each.scope == each.fields["logger"] for each in records.values())


def test_a_caller_cannot_forge_the_trace(collector: Collector) -> None:
    finished = programs.run(
        """
        logger.info("outside", trace_id="f" * 32, span_id="f" * 16)
        with trace.get_tracer("test").start_as_current_span("s"):
            logger.info("inside", trace_id="f" * 32)
            logging.getLogger("x").info("stdlib", extra={"trace_id": "f" * 32})
        """,
        collector.endpoint,
    )
    outside, inside, stdlib = finished.lines
    assert "trace_id" not in outside
    assert outside["claimed_trace_id"] == inside["claimed_trace_id"] == stdlib["claimed_trace_id"] == "f" * 32
    assert inside["trace_id"] == stdlib["trace_id"] != "f" * 32
    assert [each.record.trace_id.hex() for each in collector.wait_for(3)] == [
        "",
        inside["trace_id"],
        stdlib["trace_id"],
    ]


def test_a_trace_that_is_not_sampled_is_no_link(collector: Collector) -> None:
    finished = programs.run(
        """
        unsampled = trace.SpanContext(int("a" * 32, 16), int("b" * 16, 16), is_remote=True)
        with trace.use_span(trace.NonRecordingSpan(unsampled)):
            logger.info("inside")
        """,
        collector.endpoint,
    )
    (line,) = finished.lines
    assert line["unsampled_trace_id"] == "a" * 32
    assert "trace_id" not in line
    assert [each.record.trace_id for each in collector.wait_for(1)] == [b""]


def test_handlers_that_others_install_do_not_double_lines() -> None:
    finished = programs.run(
        """
        import logging.config, uvicorn.config
        logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)
        other = logging.getLogger("faststream.access.redis")
        other.propagate = False
        other.addHandler(logging.StreamHandler(sys.stdout))
        setup_logger("INFO")
        for name in ("uvicorn", "uvicorn.error", "faststream.access.redis"):
            logging.getLogger(name).info("from %s", name)
        """
    )
    assert [line["event"] for line in finished.lines] == [
        "from uvicorn",
        "from uvicorn.error",
        "from faststream.access.redis",
    ]
    assert finished.stderr == ""


def test_lines_are_utf8_whatever_the_locale() -> None:
    finished = programs.run(
        r'logger.info("Gr\u00fc\u00dfe \U0001f389")', LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert finished.lines[0]["event"] == "Grüße 🎉"


def test_a_closed_stdout_does_not_harm_the_program(collector: Collector) -> None:
    finished = programs.run(
        """
        os.close(1)
        logger.info("nobody reads this here")
        sys.stderr.write("still running")
        """,
        collector.endpoint,
    )
    assert finished.stderr == "still running"
    assert collector.wait_for(1)[0].fields["event"] == "nobody reads this here"

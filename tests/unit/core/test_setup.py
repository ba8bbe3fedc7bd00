"""When something is exported, where to, and as whom."""

import tomllib

import pytest
import structlog

from app.core.resource import VERSION
from tests.unit.core import programs
from tests.unit.core.collector import Collector

SPECIFIED_ORDER = [
    "merge_contextvars",
    "filter_by_level",
    "add_logger_name",
    "add_log_level",
    "TimeStamper",
    "add_otel_context",
    "StackInfoRenderer",
    "format_exc_info",
    "sanitize_sensitive_data",
    "JSONRenderer",
]

LOG_ONCE = 'logger.info("once")'


def test_processors_are_in_the_specified_order() -> None:
    finished = programs.run(
        """
        for processor in structlog.get_config()["processors"]:
            print(getattr(processor, "__name__", type(processor).__name__))
        """
    )
    assert finished.stdout.split() == SPECIFIED_ORDER


def test_the_logger_is_structlogs_and_named() -> None:
    finished = programs.run("print(isinstance(logger, structlog.stdlib.BoundLogger), logger.name)")
    assert finished.stdout.split() == ["True", "integr8scode"]
    assert issubclass(structlog.stdlib.BoundLogger, structlog.BoundLoggerBase)


@pytest.mark.parametrize(
    "environment",
    [
        {"TESTING": "true"},
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_LOGS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=["TESTING", "SDK disabled", "exporters none"],
)
def test_nothing_is_exported_when_switched_off(collector: Collector, environment: dict[str, str]) -> None:
    body = 'with trace.get_tracer("t").start_as_current_span("s"):\n    logger.info("once")'
    finished = programs.run(body, collector.endpoint, **environment)
    assert [line["event"] for line in finished.lines] == ["once"]
    assert (collector.received, collector.spans) == ([], [])


def test_nothing_is_exported_without_an_endpoint_but_lines_still_carry_trace_ids() -> None:
    finished = programs.run(
        """
        with trace.get_tracer("t").start_as_current_span("s"):
            logger.info("once")
        print(threading.active_count())
        """
    )
    line, threads = finished.stdout.splitlines()
    assert '"trace_id":"' in line
    assert threads == "1"


def test_all_three_signals_arrive(collector: Collector) -> None:
    programs.run(
        """
        from opentelemetry import metrics
        metrics.get_meter("t").create_counter("things").add(3)
        with trace.get_tracer("t").start_as_current_span("span"):
            logger.info("once")
        """,
        collector.endpoint,
    )
    assert [each.fields["event"] for each in collector.received] == ["once"]
    assert [span.name for span in collector.spans] == ["span"]
    assert collector.metrics["things"] == 3
    # The SDK's own counters see what happened before metrics were set up.
    assert collector.metrics["otel.sdk.processor.log.processed"] == 1
    assert collector.metrics["otel.sdk.processor.span.processed"] == 1
    assert collector.metrics["otel.sdk.processor.log.processed queue_full"] == 0


def test_setting_up_twice_changes_nothing(collector: Collector) -> None:
    finished = programs.run(
        """
        for _ in range(2):
            setup_log_exporter(settings, setup_logger("INFO"))
            setup_tracing(settings, logger)
            setup_metrics(settings, logger)
        logger.info("once")
        logging.getLogger("library").info("stdlib once")
        """,
        collector.endpoint,
    )
    assert [line["event"] for line in finished.lines] == ["once", "stdlib once"]
    assert sorted(each.fields["event"] for each in collector.received) == ["once", "stdlib once"]


def test_the_level_holds_for_every_logger() -> None:
    finished = programs.run(
        """
        for level in ("debug", "info", "warning"):
            getattr(logger, level)(f"structlog {level}")
            getattr(logging.getLogger("library"), level)(f"stdlib {level}")
        """,
        LOG_LEVEL="warning",
    )
    assert [line["event"] for line in finished.lines] == ["structlog warning", "stdlib warning"]


def test_an_unknown_level_is_refused() -> None:
    finished = programs.run('setup_logger("LOUD")')
    assert finished.lines[0]["exception_message"] == (
        "log level 'LOUD' is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL"
    )


def test_the_resource_says_who_speaks(collector: Collector) -> None:
    programs.run(LOG_ONCE, collector.endpoint)
    resource = collector.wait_for(1)[0].resource
    assert resource["service.name"] == "integr8scode-test"
    assert resource["service.namespace"] == "integr8scode"
    assert resource["service.version"] == VERSION
    assert resource["deployment.environment.name"] == "local"
    assert len(resource["service.instance.id"]) == len("7f9c24e8-3b1a-4d5e-9c6f-0a1b2c3d4e5f")


def test_the_environments_resource_attributes_win(collector: Collector) -> None:
    programs.run(
        LOG_ONCE,
        collector.endpoint,
        OTEL_RESOURCE_ATTRIBUTES="service.version=9.9,deployment.environment.name=production,service.namespace=other",
    )
    resource = collector.wait_for(1)[0].resource
    assert resource["service.version"] == "9.9"
    assert resource["deployment.environment.name"] == "production"
    assert resource["service.namespace"] == "other"


def test_the_default_version_is_the_projects() -> None:
    project = tomllib.loads((programs.ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_a_signals_own_endpoint_wins(collector: Collector) -> None:
    programs.run(LOG_ONCE, "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=collector.endpoint)
    assert collector.wait_for(1)[0].fields["event"] == "once"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "collector:4317", "write it as http://host:4317"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "4317", "write it as http://host:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "use grpc (port 4317)"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "many", "has to be a positive whole number"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "0", "has to be a positive whole number"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(collector: Collector, variable: str, value: str, message: str) -> None:
    finished = programs.run(LOG_ONCE, collector.endpoint, **{variable: value})
    assert finished.code == 1
    refusal = finished.lines[-1]["exception_message"]
    assert variable in refusal
    assert value in refusal
    assert message in refusal


def test_headers_and_compression_come_from_the_environment(collector: Collector) -> None:
    programs.run(
        LOG_ONCE, collector.endpoint, OTEL_EXPORTER_OTLP_HEADERS="x-tenant=blue", OTEL_EXPORTER_OTLP_COMPRESSION="gzip"
    )
    assert collector.wait_for(1)[0].fields["event"] == "once"
    assert collector.metadata["x-tenant"] == "blue"


def test_redaction_rules_come_from_settings() -> None:
    finished = programs.run(
        'logger.info("for CUST-12345678", iban="hunter2")',
        REDACT_FIELDS="iban",
        REDACT_PATTERNS='["CUST-[0-9]{8}"]',
    )
    assert finished.lines[0]["event"] == "for [REDACTED]"
    assert finished.lines[0]["iban"] == "[REDACTED]"


def test_what_the_exporters_say_is_not_exported(collector: Collector) -> None:
    finished = programs.run(
        """
        logging.getLogger("opentelemetry.exporter.otlp").warning("about an export")
        logging.getLogger("grpc._channel").warning("about a channel")
        logger.info("once")
        """,
        collector.endpoint,
    )
    assert len(finished.lines) == 3
    assert [each.fields["event"] for each in collector.received] == ["once"]

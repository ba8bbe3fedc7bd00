"""The way of every record from its sender to its store: what came in, waits, went out, and was lost."""

from pathlib import Path

import yaml
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.files import dashboard
from dashboards.metrics import (
    COMPONENTS_DOWN,
    LOST_ON_THE_WAY,
    QUEUE_OF_THE_COLLECTOR,
    lost,
    lost_in_any_way,
    or_zero,
    total,
)
from dashboards.panels import chart, counts, number
from dashboards.sources import promql, promql_now

_COMPOSE = Path(__file__).parents[1] / "docker-compose.yml"
_MEMORY = {
    "loki": 'process_resident_memory_bytes{job="loki"}',
    "otel-collector": "otelcol_process_memory_rss",
    "jaeger": 'process_resident_memory_bytes{job="jaeger"}',
    "victoria-metrics": 'process_resident_memory_bytes{job="victoria-metrics"}',
}
_RATE = "[$__rate_interval]"


def pipeline() -> Dashboard:
    """Build the dashboard."""
    board = dashboard("pipeline", "Pipeline health", "Received, queued, sent, stored; refused, dropped, discarded.")
    for panel in (*_numbers(), *_signals(), *_waiting_and_lost(), *_resources(), *_loki()):
        board.with_panel(panel)
    return board


def _numbers() -> list[Builder[Panel]]:
    nothing = {"0": "nothing"}
    good_or_bad = ((None, "green"), (1, "red"))
    return [
        number(
            "Components down",
            promql_now(or_zero(COMPONENTS_DOWN)),
            "Loki, the Collector, Jaeger, VictoriaMetrics and Redis: how many of them do not answer.",
            steps=good_or_bad,
            words={"0": "none"},
        ),
        number(
            "Lost for good",
            promql_now(lost_in_any_way()),
            "Records of all signals, in this time range, that never reached their store; by cause below.",
            decimals=0,
            steps=good_or_bad,
            words=nothing,
        ),
        number(
            "Told to come back",
            promql_now(" + ".join(total(f"otelcol_receiver_refused_{what}") for what in _RECORDS)),
            "Records that the Collector refused while its memory or a queue was full: senders that retry lose none.",
            decimals=0,
            steps=((None, "green"), (1, "orange")),
            words=nothing,
        ),
        number(
            "Fullest queue",
            promql_now(or_zero(f"max({QUEUE_OF_THE_COLLECTOR})")),
            "How full the fullest of the Collector's queues is.",
            unit="percentunit",
            decimals=0,
            steps=((None, "green"), (0.5, "orange"), (0.8, "red")),
        ),
        number(
            "Lag",
            promql_now(or_zero(_lag("$__range"))),
            "How old the newest line of a batch is when Loki receives it, on average.",
            unit="ms",
            decimals=0,
            steps=((None, "green"), (5_000, "orange"), (60_000, "red")),
        ),
        number(
            "Free disk",
            promql_now("min(vm_free_disk_space_bytes)"),
            "Space left on the disk that the volumes are on.",
            unit="bytes",
            decimals=1,
            steps=((None, "red"), (2 * 2**30, "orange"), (10 * 2**30, "green")),
        ),
    ]


_RECORDS = ("log_records", "spans", "metric_points")


def _lag(over: str) -> str:
    batches = f'sum(rate(loki_request_duration_seconds_count{{route="otlp_v1_logs", status_code="204"}}[{over}]))'
    return f"sum(rate(loki_distributor_lag_ms_total[{over}])) / ({batches} > 0)"


def _signals() -> list[Builder[Panel]]:
    def passing(what: str) -> list[tuple[str, str]]:
        return [
            ("received", f"sum(rate(otelcol_receiver_accepted_{what}{_RATE}))"),
            ("sent", f"sum(rate(otelcol_exporter_sent_{what}{_RATE}))"),
        ]

    stored_lines = ("stored in Loki", f"sum(rate(loki_distributor_lines_received_total{_RATE}))")
    stored_spans = ("stored in Jaeger", f'sum(rate(jaeger_collector_spans_saved_by_svc_total{{result="ok"}}{_RATE}))')
    signals = {
        "Log records": [*passing("log_records"), stored_lines],
        "Spans": [*passing("spans"), stored_spans],
        "Metric points": passing("metric_points"),
    }
    return [
        chart(
            title,
            [promql(expr, legend) for legend, expr in queries],
            "A second, at each stage. Curves that part tell where records stay; span metrics are made on the way.",
            unit="cps",
        )
        for title, queries in signals.items()
    ]


def _waiting_and_lost() -> list[Builder[Panel]]:
    return [
        chart(
            "Queues of the Collector",
            [promql(f"max by (exporter) ({QUEUE_OF_THE_COLLECTOR})", "{{exporter}}")],
            "How full each queue is. Those to Loki and Jaeger are on disk and survive a crash.",
            unit="percentunit",
            limit=0.8,
        ),
        counts(
            "Lost for good, by cause",
            [promql(lost(way, "$__interval"), way) for way in LOST_ON_THE_WAY],
            "Log records, spans and metric points, by the place where they were lost.",
        ).interval("1m"),
        counts(
            "Refused and repaired",
            [
                *(
                    promql(
                        total(f"otelcol_receiver_refused_{what}", "$__interval"), f"{what.replace('_', ' ')} refused"
                    )
                    for what in _RECORDS
                ),
                promql(
                    total('loki_discarded_samples_total{reason=~".*rate_limit.*"}', "$__interval"),
                    "slowed down by Loki",
                ),
                promql(total("loki_ingester_wal_disk_full_failures_total", "$__interval"), "Loki's disk full"),
                promql(total("loki_mutated_samples_total", "$__interval"), "lines cut by Loki"),
            ],
            "Records that were told to come back, and lines that were too long to store whole.",
        ).interval("1m"),
    ]


def _resources() -> list[Builder[Panel]]:
    limits = _memory_limits()
    return [
        chart(
            "Memory against the limit",
            [promql(f"{_MEMORY[name]} / {limit}", name) for name, limit in limits.items()],
            "Resident memory, files it has mapped included, as a share of mem_limit in docker-compose.yml.",
            unit="percentunit",
            limit=0.9,
        ),
        chart(
            "CPU cores in use",
            [
                promql(f"sum by (job) (rate(process_cpu_seconds_total{_RATE}))", "{{job}}"),
                promql(f"sum(rate(otelcol_process_cpu_seconds{_RATE}))", "otel-collector"),
            ],
            "By component.",
        ),
        chart(
            "Loki's write-ahead log",
            [
                promql("max(loki_ingester_wal_disk_usage_percent)", "disk in use"),
            ],
            "Above 90 % of the disk Loki refuses lines, and the Collector keeps them.",
            unit="percentunit",
            limit=0.9,
        ),
    ]


def _loki() -> list[Builder[Panel]]:
    bucket = 'loki_request_duration_seconds_bucket{route=~"loki_api_v1_query(_range)?"}'
    return [
        chart(
            "Lag over time",
            [promql(_lag("$__rate_interval"), "from its writing to Loki")],
            "How old the newest line of a batch is when Loki receives it.",
            unit="ms",
        ),
        chart(
            "Queries to Loki",
            [
                promql(
                    or_zero(f"histogram_quantile({share / 100}, sum by (le) (rate({bucket}{_RATE})))"),
                    f"{share} % within",
                )
                for share in (50, 95)
            ],
            "How long people and dashboards wait.",
            unit="s",
        ),
        chart(
            "Streams and retention",
            [
                promql("sum(loki_ingester_memory_streams)", "active streams"),
                promql(
                    "sum(increase(loki_boltdb_shipper_retention_sweeper_marker_files_deleted_total[1h]))",
                    "deletions in 1 h",
                ),
            ],
            "Each combination of index labels is a stream with chunks of its own in memory.",
        ),
    ]


def _memory_limits() -> dict[str, int]:
    """Bytes that each component's container may use."""
    services = yaml.safe_load(_COMPOSE.read_text())["services"]
    return {name: int(services[name]["mem_limit"].removesuffix("m")) * 2**20 for name in _MEMORY}

"""The way of every record from its sender to its store: what came in, waits, went out, and was lost."""

import yaml
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.files import ROOT, dashboard, section
from dashboards.metrics import (
    COMPONENTS_DOWN,
    LOST_ON_THE_WAY,
    QUEUE_OF_THE_COLLECTOR,
    lost,
    lost_in_any_way,
    or_zero,
    total,
)
from dashboards.panels.charts import chart, counts
from dashboards.panels.numbers import number
from dashboards.sources import promql, promql_now

_HELD_BY_GO = 'go_memstats_sys_bytes{{job="{0}"}} - go_memstats_heap_released_bytes{{job="{0}"}}'
# What the kernel can't take back, as the alert loki-memory measures it; resident memory counts mapped files, too, which
# it can. The Collector does not tell what it has released, and VictoriaMetrics keeps its caches outside of Go's heap.
_MEMORY = {
    "loki": _HELD_BY_GO.format("loki"),
    "otel-collector": "otelcol_process_runtime_total_sys_memory_bytes",
    "jaeger": _HELD_BY_GO.format("jaeger"),
    "victoria-metrics": 'process_resident_memory_anon_bytes{job="victoria-metrics"}',
}
_RATE = "[$__rate_interval]"
_RECORDS = ("log_records", "spans", "metric_points")


def pipeline() -> Dashboard:
    """Build the dashboard."""
    board = dashboard("pipeline", "Pipeline health", "Received, queued, sent, stored; refused, dropped, discarded.")
    for panel in _numbers():
        board.with_panel(panel)
    section(board, "Does everything arrive?", _signals())
    section(board, "What waits, and what is lost?", _waiting_and_lost())
    section(board, "How near are the limits?", _limits())
    return board


def _numbers() -> list[Builder[Panel]]:
    nothing = {"0": "nothing"}
    good_or_bad = ((0, "green"), (1, "red"))
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
            steps=((0, "green"), (1, "orange")),
            words=nothing,
        ),
        number(
            "Fullest queue",
            promql_now(or_zero(f"max({QUEUE_OF_THE_COLLECTOR})")),
            "How full the fullest of the Collector's queues is.",
            unit="percentunit",
            decimals=0,
            steps=((0, "green"), (0.5, "orange"), (0.8, "red")),
        ),
        number(
            "Lag",
            promql_now(_lag("$__range")),
            "How old the newest line of a batch is when Loki receives it, on average.",
            unit="s",
            steps=((0, "green"), (5, "orange"), (60, "red")),
        ),
        number(
            "Free disk",
            promql_now("min(vm_free_disk_space_bytes)"),
            "Space left on the disk that the volumes are on.",
            unit="bytes",
            decimals=1,
            steps=((0, "red"), (2 * 2**30, "orange"), (10 * 2**30, "green")),
        ),
    ]


def _lag(over: str) -> str:
    batches = f'sum(rate(loki_request_duration_seconds_count{{route="otlp_v1_logs", status_code="204"}}[{over}]))'
    return f"sum(rate(loki_distributor_lag_ms_total[{over}])) / 1000 / ({batches} > 0)"


def _signals() -> list[Builder[Panel]]:
    def passed(metric: str) -> str:
        return f"sum(rate({metric}{_RATE}))"

    # By what its first processors were given: of the points that it makes from spans the Collector counts no receipt.
    made_or_received = 'otelcol_processor_incoming_items{otel_signal="metrics", processor=~"attributes|transform/.+"}'
    signals = {
        "Log records": {
            "received": "otelcol_receiver_accepted_log_records",
            "sent": "otelcol_exporter_sent_log_records",
            "stored in Loki": "loki_distributor_lines_received_total",
        },
        "Spans": {
            "received": "otelcol_receiver_accepted_spans",
            "sent": "otelcol_exporter_sent_spans",
            "stored in Jaeger": 'jaeger_collector_spans_saved_by_svc_total{result="ok"}',
        },
        "Metric points": {
            "received, or made from spans": made_or_received,
            "sent": "otelcol_exporter_sent_metric_points",
        },
    }
    return [
        chart(
            title,
            [promql(passed(metric), stage) for stage, metric in stages.items()],
            "A second, at each stage of the way. Where curves part for long, records wait, or are lost.",
            unit="cps",
        )
        for title, stages in signals.items()
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


def _limits() -> list[Builder[Panel]]:
    bucket = 'loki_request_duration_seconds_bucket{route=~"loki_api_v1_query(_range)?"}'
    return [
        chart(
            "Memory against the limit",
            [promql(f"({_MEMORY[name]}) / {limit}", name) for name, limit in _memory_limits().items()],
            "Memory that the kernel can't take back, as a share of mem_limit in docker-compose.yml.",
            unit="percentunit",
            limit=0.85,
        ),
        chart(
            "Disk in use",
            [promql("max(loki_ingester_wal_disk_usage_percent)", "the disk of Loki's volume")],
            "Above 90 % Loki refuses lines, and the Collector keeps them.",
            unit="percentunit",
            limit=0.9,
        ),
        chart(
            "Waiting for Loki",
            [
                promql(_lag("$__rate_interval"), "a line, until Loki has it"),
                promql(
                    or_zero(f"histogram_quantile(0.95, sum by (le) (rate({bucket}{_RATE})))"),
                    "a query, until its answer (95 %)",
                ),
            ],
            "How old the newest line of a batch is when Loki receives it; how long people and dashboards wait.",
            unit="s",
        ),
    ]


def _memory_limits() -> dict[str, int]:
    """Bytes that each component's container may use."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {name: int(services[name]["mem_limit"].removesuffix("m")) * 2**20 for name in _MEMORY}

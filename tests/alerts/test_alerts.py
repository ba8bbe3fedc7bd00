"""Every provisioned rule is silent before the stack is broken, fires while it is, and resolves afterwards.

Grafana's evaluation is done here by its documented rules; its data source is the real VictoriaMetrics of a real stack.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest

from bench.load.otlp import Record, send_http_protobuf
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.alerts import rules
from tests.alerts.broken_stack import BrokenStack
from tests.alerts.evaluation import Evaluation
from tests.support.eventually import eventually

Fault = Callable[[BrokenStack], AbstractContextManager[None]]

# Faults of one group happen at the same time, because none touches what another one needs; each with the rules that
# fire, and the labels of what they fire for.
GROUPS: tuple[dict[Fault, dict[str, dict[str, str]]], ...] = (
    {
        BrokenStack.crash_loop: {"component-restarting": {"job": "jaeger"}},
        BrokenStack.service_that_logs_errors: {"error-burst": {"service_name": "erring-service"}},
        BrokenStack.service_stopped: {"service-silent": {"service_name": "integr8scode-dlq-processor"}},
        BrokenStack.service_without_lines: {"log-lines-missing": {"service_name": "half-silent-service"}},
        BrokenStack.line_that_loki_refuses: {
            "collector-drops": {"exporter": "otlp_http/loki"},
            "loki-discards": {"reason": "greater_than_max_sample_age"},
        },
        BrokenStack.little_room_for_metrics: {"disk-filling": {"job": "victoria-metrics"}},
        BrokenStack.little_room_for_lines: {"loki-disk-filling": {}},
        BrokenStack.index_unreadable: {"retention-failing": {"job": "loki"}},
    },
    {
        BrokenStack.loki_away_under_load: {
            "component-down": {"job": "loki"},
            "queue-filling": {"exporter": "otlp_http/loki"},
            "collector-refuses": {"transport": "http"},
        },
    },
    {
        BrokenStack.application_cut_off: {
            "application-records-lost": {"service_name": "integr8scode-backend", "error_type": "queue_full"}
        },
        BrokenStack.span_that_jaeger_fails_on: {"jaeger-drops": {"svc": "wide-service"}},
    },
    {BrokenStack.write_ahead_log_damaged: {"loki-wal-corrupt": {"type": "segment"}}},
    {
        BrokenStack.redis_away: {"component-down": {"job": "redis"}},
        BrokenStack.loki_above_its_memory_limit: {"loki-memory": {"job": "loki"}},
    },
)
CASES = [(fault, uid) for group in GROUPS for fault, fired in group.items() for uid in fired]
# Retention is the slowest: 25 minutes without success are 50 s in time lapse, up to 20 s after the last one.
WITHIN_SECONDS = 120.0


def test_every_rule_has_a_fault() -> None:
    assert {uid for _, uid in CASES} == {rule.uid for rule in rules.load()}


def test_nothing_fires_while_nothing_is_broken(
    stack: BrokenStack, evaluation: Evaluation, victoria_metrics: VictoriaMetrics
) -> None:
    watched = {"loki", "otel-collector", "jaeger", "victoria-metrics", "redis"}
    eventually(
        lambda: {
            s["metric"]["job"]
            for s in victoria_metrics.query('up == 1 or label_replace(redis_up, "job", "redis", "", "")')
        },
        watched.__eq__,
        sent="scrape configuration, backend's metrics",
        components=("victoria-metrics", "backend"),
    )
    line = Record("calm-service", "all is well")
    send_http_protobuf(stack.at.otlp_http, line)
    eventually(
        lambda: victoria_metrics.query(
            'last_over_time(service_level:log_lines:count1m{service_name="calm-service"}[10m])'
        ),
        sent=line,
        components=("loki", "victoria-metrics"),
    )
    # While the parts start one after the other, some of them are down.
    eventually(evaluation.firing, lambda firing: not firing, sent="nothing", components=("victoria-metrics",))


@pytest.fixture(scope="module")
def outcomes(stack: BrokenStack, evaluation: Evaluation) -> dict[Fault, Future[None]]:
    """Fault by fault, group by group: what came of it."""
    done: dict[Fault, Future[None]] = {}
    for group in GROUPS:
        with ThreadPoolExecutor(len(group)) as pool:
            done |= {fault: pool.submit(_break, stack, evaluation, fault, fired) for fault, fired in group.items()}
    return done


@pytest.mark.parametrize(("fault", "uid"), CASES, ids=[f"{uid}-{fault.__name__}" for fault, uid in CASES])
def test_fires_while_broken_and_resolves_afterwards(
    fault: Fault,
    uid: str,  # noqa: ARG001 (names the case; a fault's rules share its outcome)
    outcomes: dict[Fault, Future[None]],
) -> None:
    outcomes[fault].result()


def _break(stack: BrokenStack, evaluation: Evaluation, fault: Fault, fired: dict[str, dict[str, str]]) -> None:
    early = [uid for uid, labels in fired.items() if evaluation.fires(uid, labels)]
    assert not early, f"before anything was broken: {evaluation.firing()}"
    with fault(stack):
        for uid, labels in fired.items():
            evaluation.wait(uid, labels, until_firing=True, within=WITHIN_SECONDS)
    for uid, labels in fired.items():
        evaluation.wait(uid, labels, until_firing=False, within=WITHIN_SECONDS)

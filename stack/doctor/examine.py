"""`make doctor`: what is wrong with the stack, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import requests

from stack.docker import compose
from stack.docker.containers import listed
from stack.docker.endpoints import endpoints
from stack.docker.inspect import engine_answers, inspected
from stack.doctor import grafana_state
from stack.doctor.finding import Finding
from stack.doctor.grafana_state import grafana
from stack.doctor.memory_use import memory, raise_limit
from stack.doctor.redis_state import redis
from stack.failure import StepError
from stack.process import last_lines, run
from stack.stores.exposed_metrics import ExposedMetrics

MIB = 1024 * 1024
# Above this share a person should look before the queue is full.
QUEUE_SHARE = 0.8
QUEUE_CAPACITY = "otelcol_exporter_queue_capacity"
FREE_DISK_BYTES = 2 * 1024 * MIB


def examine() -> Iterator[Finding]:
    """Look at everything, in the order in which one thing depends on another; stops where nothing more can be seen."""
    if not engine_answers():
        yield Finding("Docker Engine", "does not answer", "`make up` starts it.")
        return
    yield Finding("Docker Engine", "answers")
    containers = listed()
    if not containers:
        yield Finding("services", "none has a container", "`make up` starts them.")
        return
    looks: dict[str, Callable[[], Iterable[Finding]]] = {
        "memory": partial(memory, containers),
        "redis": partial(redis, containers),
        "readiness": _readiness,
        "Collector's queues": _queue,
        "refused and lost records": _refusals,
        "scraping": _scraping,
        "disk": _disk,
        "grafana": partial(grafana, containers),
    }
    # At the same time: to measure memory alone takes the engine two seconds.
    with ThreadPoolExecutor(len(looks)) as pool:
        found = pool.map(told, looks.keys(), looks.values())
        yield from _containers(containers)
        for findings in found:
            yield from findings


def told(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What `look` finds; a component that does not answer is a finding, not the end of the examination."""
    try:
        return list(look())
    except (requests.RequestException, StepError) as error:
        found = f"can't be seen: {error}"
        return [Finding(subject, found, "`make ps` shows what runs; `make up` starts what does not.")]


def _containers(containers: list[dict[str, Any]]) -> Iterator[Finding]:
    missing = set(compose.project()["services"]) - {container["Service"] for container in containers}
    # It may be missing for a good reason, which its own finding tells.
    missing.discard(grafana_state.SERVICE)
    if missing:
        yield Finding("services", f"{', '.join(sorted(missing))} have no container", "`make up` starts them.")
    described = inspected([container["ID"] for container in containers])
    for container, description in zip(containers, described, strict=True):
        yield of_container(container["Service"], description)


def of_container(service: str, description: dict[str, Any]) -> Finding:
    """What the engine's description of a service's container says of its state."""
    state = description["State"]
    limit = description["HostConfig"]["Memory"]
    logs = f"`make logs SERVICE={service}` shows why."
    if (
        state["Status"] == "exited"
        and state["ExitCode"] == 0
        and description["HostConfig"]["RestartPolicy"]["Name"] == "no"
    ):
        return Finding(service, "has done its work")
    if state["OOMKilled"]:
        return Finding(service, "was killed for memory", f"{raise_limit(service, limit)} {logs}")
    if state["Status"] != "running":
        found = f"is {state['Status']} (exit code {state['ExitCode']}){_last_words(description['Id'])}"
        return Finding(service, found, f"{logs} `make up` starts it.")
    if state.get("Health", {}).get("Status") == "unhealthy":
        return Finding(service, "runs, but its health check fails", logs)
    if description["RestartCount"]:
        # The engine forgets at the next start that it was memory.
        remedy = f"It crashed. {logs} Where its log ends without a word: {raise_limit(service, limit)}"
        return Finding(service, f"runs, after {description['RestartCount']} restarts", remedy)
    return Finding(service, "runs")


def _last_words(container: str) -> str:
    """The last line of a container's log, to stand behind what is found."""
    answer = run(["docker", "logs", "--tail", "5", container], timeout=5)
    line = last_lines(answer.stdout, 1)
    return f"; its log ends with: {line[:200]}" if answer.returncode == 0 and line else ""


def _readiness() -> Iterator[Finding]:
    """Each component is asked itself."""
    at = endpoints()
    for name, url in {
        "loki": f"{at.loki}/ready",
        "otel-collector": at.otel_collector_health,
        "jaeger": at.jaeger,
        "victoria-metrics": f"{at.victoria_metrics}/health",
        "backend": f"{at.backend}/health/ready",
    }.items():
        response = requests.get(url, timeout=5)
        if response.status_code == requests.codes.ok:
            yield Finding(name, "is ready")
        else:
            yield Finding(
                name, f"is not ready: {response.text.strip()[:200]}", f"`make logs SERVICE={name}` shows why."
            )


def _queue() -> Iterator[Finding]:
    """How full they are."""
    metrics = ExposedMetrics.of(endpoints().otel_collector_metrics)
    exporters = {sample.labels["exporter"] for sample in metrics.samples if sample.name == QUEUE_CAPACITY}
    for exporter in sorted(exporters):
        size = metrics.total("otelcol_exporter_queue_size", exporter=exporter)
        capacity = metrics.total(QUEUE_CAPACITY, exporter=exporter)
        share = size / capacity if capacity else 0.0
        remedy = (
            "" if share < QUEUE_SHARE else f"What it feeds is down or too slow: look at {exporter.rsplit('/', 1)[-1]}."
        )
        yield Finding(f"queue of {exporter}", f"{share:.0%} full", remedy)


def _refusals() -> Iterator[Finding]:
    """What the Collector could not take or pass on since its start."""
    metrics = ExposedMetrics.of(endpoints().otel_collector_metrics)
    for name, meaning in {
        "otelcol_receiver_refused": "refused to senders, which retry",
        "otelcol_exporter_enqueue_failed": "did not fit into a queue",
        "otelcol_exporter_send_failed": "given up by an exporter",
    }.items():
        lost = metrics.total(name)
        remedy = (
            "" if not lost else "`make logs SERVICE=otel-collector` says why; docs/reliability.md, what is kept where."
        )
        yield Finding("records", f"{lost:.0f} {meaning}", remedy)


def _scraping() -> Iterator[Finding]:
    """VictoriaMetrics sees every component."""
    response = requests.get(f"{endpoints().victoria_metrics}/api/v1/query", params={"query": "up == 0"}, timeout=5)
    response.raise_for_status()
    down = [series["metric"]["job"] for series in response.json()["data"]["result"]]
    remedy = "Its metrics are missing: see the component's own line above." if down else ""
    yield Finding("scraping", f"{', '.join(down)} can't be scraped" if down else "every component is scraped", remedy)


def _disk() -> Iterator[Finding]:
    """What is free where the volumes are."""
    free = ExposedMetrics.of(endpoints().victoria_metrics).total("vm_free_disk_space_bytes")
    remedy = "" if free > FREE_DISK_BYTES else "Free space; Loki stops taking lines when its disk is 90 % full."
    yield Finding("disk", f"{free / MIB / 1024:.1f} GiB free for all volumes", remedy)

"""`make doctor`: what is wrong with the stack, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import requests

from stack.docker.containers import listed
from stack.docker.endpoints import Endpoints, endpoints
from stack.docker.inspect import engine_answers
from stack.doctor.collector_state import collector
from stack.doctor.container_state import container_states
from stack.doctor.event_streams import event_streams
from stack.doctor.finding import Finding
from stack.doctor.grafana_state import grafana
from stack.doctor.memory_use import memory
from stack.doctor.redis_state import redis
from stack.failure import StepError
from stack.stores.exposed_metrics import ExposedMetrics
from stack.stores.victoria_metrics import VictoriaMetrics
from stack.units import MIB

FREE_DISK_BYTES = 2 * 1024 * MIB
Look = Callable[[], Iterable[Finding]]


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
    looks: dict[str, Look] = {
        "memory": partial(memory, containers),
        "redis": partial(redis, containers),
        "events": partial(event_streams, containers),
        **_readiness(endpoints()),
        "Collector": collector,
        "scraping": _scraping,
        "disk": _disk,
        "grafana": partial(grafana, containers),
    }
    # At the same time: to measure memory alone takes the engine two seconds.
    with ThreadPoolExecutor(len(looks)) as pool:
        found = pool.map(told, looks.keys(), looks.values())
        yield from container_states(containers)
        for findings in found:
            yield from findings


def told(subject: str, look: Look) -> list[Finding]:
    """What `look` finds; a component that does not answer is a finding, not the end of the examination."""
    try:
        return list(look())
    except (requests.RequestException, StepError) as error:
        found = f"can't be seen: {error}"
        return [Finding(subject, found, "`make status` shows what runs; `make up` starts what does not.")]


def _readiness(at: Endpoints) -> dict[str, Look]:
    """Each component is asked itself."""
    urls = {
        "loki": f"{at.loki}/ready",
        "otel-collector": at.otel_collector_health,
        "jaeger": at.jaeger,
        "victoria-metrics": f"{at.victoria_metrics}/health",
        "backend": f"{at.backend}/health/ready",
    }
    return {name: partial(_ready, name, url) for name, url in urls.items()}


def _ready(name: str, url: str) -> Iterator[Finding]:
    response = requests.get(url, timeout=5)
    if response.status_code == requests.codes.ok:
        yield Finding(name, "is ready")
    else:
        yield Finding(name, f"is not ready: {response.text.strip()[:200]}", f"`make logs SERVICE={name}` shows why.")


def _scraping() -> Iterator[Finding]:
    """VictoriaMetrics sees every component."""
    down = [series["metric"]["job"] for series in VictoriaMetrics(endpoints().victoria_metrics).query("up == 0")]
    remedy = "Its metrics are missing: see the component's own line above." if down else ""
    yield Finding("scraping", f"{', '.join(down)} can't be scraped" if down else "every component is scraped", remedy)


def _disk() -> Iterator[Finding]:
    """What is free where the volumes are."""
    free = ExposedMetrics.of(endpoints().victoria_metrics).total("vm_free_disk_space_bytes")
    remedy = "" if free > FREE_DISK_BYTES else "Free space; Loki stops taking lines when its disk is 90 % full."
    yield Finding("disk", f"{free / MIB / 1024:.1f} GiB free for all volumes", remedy)

"""Send the lines that Loki lacks, from the container logs, over OTLP."""

import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import requests
from rich.progress import Progress

from stack.audit.audit import Auditor, Service
from stack.audit.compare_lines import Comparison
from stack.audit.container_logs import WrittenLine
from stack.audit.otlp_records import RequestBuilder
from stack.docker.endpoints import endpoints
from stack.failure import StepError
from stack.stores.collector import CollectorQueue
from stack.stores.otlp_http import RETRYABLE, post
from stack.units import MIB

# As the application's own batches: below every limit on the way.
_REQUEST_LINES = 1000
_REQUEST_BYTES = MIB
_GIVE_UP_SECONDS = 120
_PAUSE_SECONDS = 0.5


class Backfill:
    """Sends missing lines to the Collector of this checkout's project."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._queue = CollectorQueue(endpoints().otel_collector_metrics)

    def send(self, service: Service, missing: Iterable[tuple[int, WrittenLine]], total: int) -> None:
        """Send `missing` lines of `service`, each with the index of its container; there are `total`.

        Raises:
            StepError: the Collector does not take them; what it took is stored, and not sent again by the next run.

        """
        task = self._progress.add_task(f"{service.name}: sending", total=total)
        for index, lines in groupby(missing, key=itemgetter(0)):
            for request in _requests(service.containers[index].resource, (line for _, line in lines)):
                self._queue.wait_for_room(lambda what: self._progress.update(task, description=what))
                self._post(request.build())
                self._progress.update(task, advance=request.lines, description=f"{service.name}: sending")
        self._progress.remove_task(task)

    def _post(self, request: bytes) -> None:
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        while (refusal := self._refusal(request)) is not None:
            if time.monotonic() > deadline:
                raise StepError(
                    "sending the missing lines",
                    f"the Collector has refused them for {_GIVE_UP_SECONDS} s: {refusal}",
                    "See why (`make logs SERVICE=otel-collector`), then `make backfill` again: it goes on from there.",
                )
            time.sleep(_PAUSE_SECONDS)

    def _refusal(self, request: bytes) -> str | None:
        """Why the request was refused for now; None when it was accepted."""
        try:
            response = post(f"{endpoints().otlp_http}/v1/logs", request, timeout=30)
        except requests.RequestException as error:
            return str(error)
        if response.status_code in RETRYABLE:
            return f"{response.status_code} {response.text.strip()}"
        if not response.ok:
            raise StepError(
                "sending the missing lines",
                f"the Collector answered {response.status_code}: {response.text.strip()[:500]}",
                "This is a fault of the request, so trying again does not help: please report it.",
            )
        return None


def _requests(resource: dict[str, str], lines: Iterable[WrittenLine]) -> Iterator[RequestBuilder]:
    request = RequestBuilder(resource)
    for line in lines:
        request.add(line)
        if request.lines == _REQUEST_LINES or request.bytes >= _REQUEST_BYTES:
            yield request
            request = RequestBuilder(resource)
    if request.lines:
        yield request


def backfill(auditor: Auditor, progress: Progress, services: list[Service]) -> int:
    """Send what Loki lacks of `services`; returns the number of lines.

    Raises:
        StepError: one side can't be read, or the Collector does not take the lines.

    """
    auditor.settle()
    sender = Backfill(progress)
    sent = 0
    for service in services:
        with Comparison() as comparison:
            total = auditor.compare(service, comparison).counts.missing
            sender.send(service, comparison.missing(), total)
            sent += total
    return sent

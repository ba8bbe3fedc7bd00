"""When Loki is asked again, and what is said when it does not answer."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from stack.failure import StepError
from stack.stores import loki as loki_module
from stack.stores.loki import Loki, PatientLoki, UnansweredError


class Busy(HTTPServer):
    """Answers with the statuses it is given, in their order, and with 200 after that."""

    statuses: list[int]
    answer = b'{"data": {"result": [{"value": [1, "2"]}]}}'

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Busy

    def do_GET(self) -> None:
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Busy]:
    monkeypatch.setattr(loki_module, "_PAUSES_SECONDS", (0, 0))
    with Busy(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def test_a_busy_loki_is_asked_again_by_who_is_patient(busy: Busy) -> None:
    busy.statuses = [503, 429]
    assert PatientLoki(busy.url).count("{}") == 2

    busy.statuses = [503]
    with pytest.raises(UnansweredError, match="503"):
        Loki(busy.url).count("{}")


def test_patience_has_an_end(busy: Busy) -> None:
    busy.statuses = [503, 500, 502, 504]
    with pytest.raises(UnansweredError, match="502"):
        PatientLoki(busy.url).count("{}")
    assert busy.statuses == [504]


def test_a_refused_query_is_not_asked_again(busy: Busy) -> None:
    busy.statuses = [400, 504]
    with pytest.raises(StepError, match="400") as failure:
        PatientLoki(busy.url).count("{}")
    assert not isinstance(failure.value, UnansweredError)
    assert busy.statuses == [504]


def test_what_is_no_utf8_costs_a_character_and_no_line(busy: Busy) -> None:
    busy.statuses = [200]
    busy.answer = b'{"data": {"result": [{"stream": {}, "values": [["1", "cut \xc3", {}], ["2", "whole", {}]]}]}}'

    assert [line.body for line in Loki(busy.url).lines("{}")] == ["whole", "cut \ufffd"]


def test_a_loki_that_is_not_ready_is_named(busy: Busy) -> None:
    busy.statuses = [503]
    with pytest.raises(StepError, match=f"{busy.url} is not ready"):
        Loki(busy.url).require_ready()

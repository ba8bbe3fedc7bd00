"""Senders send each request until it is accepted, when it is due, and say when nobody takes any."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from types import SimpleNamespace

import pytest

from bench.load import senders as module
from bench.load.senders import Senders


@contextmanager
def receiver(answer: Callable[[bytes], int]) -> Iterator[str]:
    """The address of somebody who answers each request as told."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/logs"
        finally:
            server.shutdown()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_is_pushed_back_is_sent_again_until_it_is_accepted(status: int) -> None:
    seen: list[bytes] = []

    def answer(body: bytes) -> int:
        seen.append(body)
        return 200 if seen.count(body) > 2 else status

    with receiver(answer) as url, Senders(url, [b"one", b"two", b"three"]) as senders:
        senders.finish()

    assert sorted(seen) == sorted([b"one", b"two", b"three"] * 3)
    assert (senders.begun, senders.accepted, senders.pushed_back) == (3, 3, 6)


def test_what_is_refused_for_good_is_not_sent_again() -> None:
    seen: list[bytes] = []

    def answer(body: bytes) -> int:
        seen.append(body)
        return 400

    with receiver(answer) as url, Senders(url, [b"one", b"two"]) as senders:
        senders.finish()

    assert sorted(seen) == [b"one", b"two"]
    assert (senders.begun, senders.accepted, senders.pushed_back) == (2, 0, 0)


def test_what_was_begun_when_they_are_stopped_is_what_arrived() -> None:
    seen: list[bytes] = []
    enough = Event()

    def answer(body: bytes) -> int:
        seen.append(body)
        if len(seen) > 20:
            enough.set()
        return 200

    endless = (b"%d" % number for number in count())
    with receiver(answer) as url, Senders(url, endless) as senders:
        assert enough.wait(10)
        senders.stop()

    assert senders.begun == senders.accepted == len(seen)


@pytest.mark.parametrize(("catch_up_seconds", "due_at_once"), [(1, 10), (float("inf"), 600)])
def test_what_could_not_leave_in_time_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch, catch_up_seconds: float, due_at_once: int
) -> None:
    senders = Senders("http://127.0.0.1/v1/logs", [], per_second=10, catch_up_seconds=catch_up_seconds)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 60.0))

    waits = [senders._until_its_turn() for _ in range(700)]

    assert waits.count(0.0) == pytest.approx(due_at_once, abs=1)
    assert waits == sorted(waits)


def test_senders_say_that_nobody_takes_anything() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/logs"
        senders = Senders(url, [b"one", b"two"], connections=1, give_up_seconds=0.2)

        with pytest.raises(TimeoutError, match="took nothing"), senders:
            senders.finish()

    assert senders.gave_up
    assert senders.accepted == 0

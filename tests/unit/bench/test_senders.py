"""Senders send each request until it is accepted, and say when nobody takes any."""

import socket

import pytest

from bench.load import senders as module
from bench.load.senders import Senders


def test_senders_say_that_nobody_takes_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GIVE_UP_SECONDS", 0.2)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        senders = Senders(f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/logs", [b"one", b"two"], connections=1)

        with pytest.raises(TimeoutError, match="took nothing"), senders:
            senders.finish()

    assert senders.gave_up
    assert senders.delivery.accepted == 0

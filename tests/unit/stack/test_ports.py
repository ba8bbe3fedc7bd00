"""A taken port is named with the variable that moves it."""

import socket
from collections.abc import Iterator

import pytest

from stack.docker.ports import Port, ensure_free
from stack.failure import StepError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_names_service_port_and_remedy(taken: int) -> None:
    with pytest.raises(StepError) as failure:
        ensure_free([Port("loki", 3100, "127.0.0.1", taken)], held_by_us=set())

    assert f"127.0.0.1:{taken} (loki)" in failure.value.why
    assert f"LOKI_PORT={taken + 10000}" in failure.value.remedy


def test_all_taken_ports_are_told_at_once(taken: int) -> None:
    ports = [Port("loki", 3100, "127.0.0.1", taken), Port("jaeger", 16686, "127.0.0.1", taken)]

    with pytest.raises(StepError) as failure:
        ensure_free(ports, held_by_us=set())

    assert "(loki)" in failure.value.why
    assert "(jaeger)" in failure.value.why


def test_a_port_that_our_own_container_publishes_is_free_for_it(taken: int) -> None:
    ensure_free([Port("loki", 3100, "127.0.0.1", taken)], held_by_us={taken})


def test_a_free_port_passes() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]

    ensure_free([Port("loki", 3100, "127.0.0.1", free)], held_by_us=set())

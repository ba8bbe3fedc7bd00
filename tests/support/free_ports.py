"""Free ports on loopback that no two tests have at once, however many test runs go on side by side."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

# Below those that the kernel gives to clients: one of them may take a port while what listens there starts again.
PORTS = range(20_000, 32_768)


@contextmanager
def free_ports(number: int) -> Iterator[list[int]]:
    """Ports that nobody listens on, and that nobody else is given until the end.

    What claims a TCP port is the UDP port of the same number, which nothing here needs: one process can have it, also
    while what listens on the other is stopped, and the kernel takes it back however that process ends.
    """
    with ExitStack() as claims:
        free = (port for port in PORTS if _claim(port, claims))
        yield [next(free) for _ in range(number)]


def _claim(port: int, claims: ExitStack) -> bool:
    with suppress(OSError), ExitStack() as claim:
        claim.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
        socket.create_server(("127.0.0.1", port)).close()
        claims.push(claim.pop_all())
        return True
    return False

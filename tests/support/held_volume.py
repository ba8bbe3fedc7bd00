"""A volume that stays as it is while nobody uses it: one in memory or on a disk of its own is unmounted otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager

from stack.docker import compose
from stack.process import run


@contextmanager
def held_volume(name: str) -> Iterator[None]:
    """Keep the volume mounted, for five minutes at most."""
    holding = ["docker", "run", "--detach", "--rm", f"--volume={name}:/held", compose.APPLICATION_IMAGE, "sleep", "300"]
    holder = run(holding, timeout=60)
    assert holder.returncode == 0, holder.stdout
    try:
        yield
    finally:
        run(["docker", "kill", holder.stdout.strip()], timeout=60)

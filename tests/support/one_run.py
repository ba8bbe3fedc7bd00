"""What only one test run of a machine can have at a time, whichever checkout it is of."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack.lock import locked


@contextmanager
def only_run_with(name: str) -> Iterator[None]:
    """Hold the name of a project or an engine until this process ends, however it does.

    Another run that wants it meanwhile fails at once: its end would remove what this one uses.
    """
    file = Path(tempfile.gettempdir()) / f"{name}.{os.getuid()}.lock"

    def refuse() -> None:
        pytest.fail(f"another test run uses {name}: wait until it has ended", pytrace=False)

    with locked(file, refuse):
        yield

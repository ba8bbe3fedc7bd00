"""The folder in which a component is built: one build at a time, and what is half-made stays in it."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from stack.build.steps import Steps, build_failure, remedy_for
from stack.lock import locked
from stack.paths import SCRATCH


@contextlib.contextmanager
def exclusively(steps: Steps) -> Iterator[Path]:
    """Hold the component's scratch folder; a build of it by another thread or process is waited for."""
    scratch = SCRATCH / steps.component
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        with locked(scratch / "lock", lambda: steps.report(f"{steps.component}: waiting for another build of it")):
            yield scratch
    except OSError as error:
        raise build_failure(steps.component, f"working in {scratch}", str(error), remedy_for(str(error))) from error


@contextlib.contextmanager
def context_of(scratch: Path, artefacts: dict[str, Path]) -> Iterator[Path]:
    """A folder with copies of `artefacts` (name there → file), gone when the image is built."""
    context = scratch / "context"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir()
    for name, file in artefacts.items():
        shutil.copy(file, context / name)
    yield context
    shutil.rmtree(context)

"""An open-source registry on loopback."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import yaml

from tests.registry.compiled import REGISTRY
from tests.support.eventually import eventually


@contextmanager
def registry(storage: Path, port: int) -> Iterator[None]:
    """A registry at 127.0.0.1:`port` that keeps its images in `storage`."""
    config = storage / "registry.yml"
    config.write_text(
        yaml.safe_dump(
            {
                "version": 0.1,
                "log": {"level": "warn", "accesslog": {"disabled": True}},
                "storage": {"filesystem": {"rootdirectory": str(storage)}},
                "http": {"addr": f"127.0.0.1:{port}"},
            }
        )
    )
    # It would look for a Collector of its own.
    environment = {"OTEL_TRACES_EXPORTER": "none"}
    with (
        (storage / "log").open("ab") as log,
        subprocess.Popen([REGISTRY.path(), "serve", config], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}/v2/"
            eventually(lambda: requests.get(url, timeout=5).ok, sent=url, components=())
            yield
        finally:
            process.terminate()

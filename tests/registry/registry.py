"""An open-source registry on loopback: the CNCF's distribution, compiled from its Go module once."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests
import yaml

from stack.build_step import Steps
from stack.go_build import GoModule
from stack.images import SCRATCH
from tests.support.eventually import eventually

VERSION: Final = "3.1.2"
MODULE: Final = GoModule(
    path="github.com/distribution/distribution/v3",
    package="./cmd/registry",
    version_variable="github.com/distribution/distribution/v3/version.version",
)


def program() -> Path:
    """The registry's binary; compiling it takes a minute, once.

    Raises:
        BuildError: a download or the compiler failed.
    """
    scratch = SCRATCH / "registry" / VERSION
    binary = scratch / "registry"
    if not binary.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        MODULE.build(Steps("registry", print), VERSION, scratch)
    return binary


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
        subprocess.Popen([program(), "serve", config], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}/v2/"
            eventually(lambda: requests.get(url, timeout=5).ok, sent=url, components=())
            yield
        finally:
            process.terminate()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port

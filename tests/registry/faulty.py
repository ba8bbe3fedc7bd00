"""Registries that refuse, hang, or break off in the middle of a layer, in ways that a real one can't be asked for."""

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import requests

ERRORS: Final = {
    HTTPStatus.UNAUTHORIZED: ("UNAUTHORIZED", "authentication required"),
    HTTPStatus.FORBIDDEN: ("DENIED", "requested access to the resource is denied"),
    HTTPStatus.TOO_MANY_REQUESTS: ("TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit."),
}
# Large enough to be a layer, not a manifest or an image's configuration.
LAYER_BYTES: Final = 1_000_000


@contextmanager
def refusing(port: int, status: HTTPStatus) -> Iterator[None]:
    """A registry that answers everything with `status`, in the words of the registry protocol where it has them."""
    code, message = ERRORS.get(status, ("", ""))
    body = json.dumps({"errors": [{"code": code, "message": message}]}) if code else status.phrase

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if status is HTTPStatus.UNAUTHORIZED:
                self.send_header("WWW-Authenticate", 'Basic realm="a registry"')
            self.end_headers()
            self.wfile.write(body.encode())

        do_HEAD = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            pass

    with _serving(port, Refuse):
        yield


@contextmanager
def silent(port: int) -> Iterator[None]:
    """What takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", port), backlog=100):
        yield


@dataclass
class Relay:
    """Hands on what a registry says; while `broken`, every layer breaks off in its middle."""

    broken: bool = True
    layers: list[str] = field(default_factory=list)
    """The layers that went through whole, by digest, in their order."""


@contextmanager
def relay(port: int, *, to: int) -> Iterator[Relay]:
    """A relay at `port` before the registry at the port `to`."""
    state = Relay()

    class Hand(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with requests.request(
                self.command, f"http://127.0.0.1:{to}{self.path}", headers=dict(self.headers), stream=True, timeout=30
            ) as answer:
                size = int(answer.headers.get("Content-Length", 0))
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                layer = "/blobs/" in self.path and size > LAYER_BYTES
                if self.command == "HEAD":
                    return
                if layer and state.broken:
                    self.wfile.write(answer.raw.read(size // 2))
                    self.close_connection = True
                    return
                shutil.copyfileobj(answer.raw, self.wfile)
                if layer:
                    state.layers.append(self.path.rsplit("/", 1)[-1])

        do_HEAD = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            pass

    with _serving(port, Hand):
        yield state


@contextmanager
def _serving(port: int, handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            with suppress(OSError):
                server.shutdown()
            thread.join()

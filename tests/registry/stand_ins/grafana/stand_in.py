#!/usr/bin/env python3
"""Answers 200 to everything on port 3000. It is no Grafana."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Well(BaseHTTPRequestHandler):
    """Says that it is well, whatever it is asked."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()


ThreadingHTTPServer(("", 3000), Well).serve_forever()

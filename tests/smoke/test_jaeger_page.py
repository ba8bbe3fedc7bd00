"""What the container does to Jaeger's page at its start."""

import json

from stack.docker import compose
from stack.docker.endpoints import Endpoints


def test_links_to_grafana_where_grafana_is(at: Endpoints) -> None:
    rendered = compose.compose("exec", "-T", "jaeger", "busybox", "cat", "/tmp/ui.json")  # noqa: S108 (the container's)
    assert rendered.returncode == 0, rendered.stdout
    (pattern,) = json.loads(rendered.stdout)["linkPatterns"]
    assert pattern["url"].startswith(f"{at.grafana.replace('127.0.0.1', 'localhost')}/explore?")

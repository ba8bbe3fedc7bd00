"""A Grafana to test with: the stack's own, or any other one that was started with this project's provisioning.

`GRAFANA_URL` names it. `GRAFANA_USER` (default admin) and `GRAFANA_ADMIN_PASSWORD` come from the environment or from
`.env`.
"""

import os
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from stack.docker import environment_file
from stack.docker.endpoints import Endpoints

TIMEOUT_S = 30


@dataclass(frozen=True)
class Grafana:
    """A Grafana that answers; every request is made as its administrator."""

    url: str
    user: str
    password: str

    def get(self, path: str, **parameters: str | int) -> requests.Response:
        """Ask, and return whatever comes back."""
        return requests.get(self.url + path, parameters, auth=(self.user, self.password), timeout=TIMEOUT_S)

    def json(self, path: str, **parameters: str | int) -> Any:  # noqa: ANN401 - the shape is the caller's question
        """Ask for a document; raises `AssertionError` with the reason when it is refused."""
        response = self.get(path, **parameters)
        assert response.status_code != requests.codes.unauthorized, (
            f"{self.url} refuses the credentials: set GRAFANA_USER and GRAFANA_ADMIN_PASSWORD "
            "(the password in .env counts only when Grafana's volume is new)"
        )
        assert response.ok, f"{response.url} answered {response.status_code}: {response.text[:500]}"
        return response.json()

    @property
    def major(self) -> int:
        """The first number of its version."""
        return int(self.json("/api/health")["version"].split(".")[0])

    def proxy(self, uid: str) -> str:
        """Return the path through Grafana to a data source: by uid since Grafana 9, by number before."""
        if self.major >= 9:
            return f"/api/datasources/proxy/uid/{uid}"
        (number,) = [source["id"] for source in self.json("/api/datasources") if source["uid"] == uid]
        return f"/api/datasources/proxy/{number}"


def grafana_or_skip(at: Endpoints) -> Grafana:
    """Return the Grafana to test with; skip, with the reason, where there is none."""
    named = os.environ.get("GRAFANA_URL")
    url = (named or at.grafana).rstrip("/")
    variables = {"GRAFANA_ADMIN_PASSWORD": "admin"} | environment_file.read() | os.environ
    try:
        requests.get(f"{url}/api/health", timeout=TIMEOUT_S)
    except requests.ConnectionError as error:
        if named:
            pytest.fail(f"GRAFANA_URL={named} does not answer: {error}", pytrace=False)
        pytest.skip(f"no Grafana at {url}: its image can't be had here; set GRAFANA_URL to test with another one")
    return Grafana(url, variables.get("GRAFANA_USER", "admin"), variables["GRAFANA_ADMIN_PASSWORD"])

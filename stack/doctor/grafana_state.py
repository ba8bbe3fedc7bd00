"""Grafana: whether it runs, reaches its database, and has the data sources of this checkout."""

from collections.abc import Iterator, Sequence
from typing import Any

import requests
import yaml

from stack.docker import compose, environment_file
from stack.docker.endpoints import endpoints
from stack.docker.inspect import image_id
from stack.doctor.finding import Finding
from stack.paths import ROOT

SERVICE = "grafana"
DATA_SOURCES = ROOT / "grafana/provisioning/datasources/datasources.yml"
_LOGS = f"`make logs SERVICE={SERVICE}` shows why."
_TIMEOUT_SECONDS = 5.0


def grafana(containers: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Findings about Grafana; about a container that does not run all is told already.

    Raises:
        requests.RequestException: it does not answer.

    """
    states = [container["State"] for container in containers if container["Service"] == SERVICE]
    if not states:
        image = compose.official_images()[SERVICE]
        yield without_container(image, image_is_here=image_id(image) is not None)
    elif "running" in states:
        yield _database()
        yield _data_sources()


def without_container(image: str, *, image_is_here: bool) -> Finding:
    """A stack without Grafana is whole where the image can't be had; `make up` has said so."""
    if image_is_here:
        return Finding(SERVICE, "has no container", "`make up` starts it.")
    return Finding(SERVICE, f"does not run: its image {image} could not be had; all else works without it")


def of_data_sources(wanted: set[str], present: set[str]) -> Finding:
    """Compare the uids of data sources."""
    if missing := wanted - present:
        return Finding(SERVICE, f"has no data source {', '.join(sorted(missing))}", _LOGS)
    return Finding(SERVICE, "has its data sources")


def _database() -> Finding:
    response = requests.get(f"{endpoints().grafana}/api/health", timeout=_TIMEOUT_SECONDS)
    if response.status_code == requests.codes.ok and response.json()["database"] == "ok":
        return Finding(SERVICE, "is ready")
    return Finding(SERVICE, f"is not ready: {response.text.strip()[:200]}", _LOGS)


def _data_sources() -> Finding:
    password = environment_file.read().get("GRAFANA_ADMIN_PASSWORD", "admin")
    response = requests.get(
        f"{endpoints().grafana}/api/datasources", auth=("admin", password), timeout=_TIMEOUT_SECONDS
    )
    if response.status_code == requests.codes.unauthorized:
        # A person may have changed it: .env counts at the first start only.
        return Finding(SERVICE, "does not show its data sources: the password of admin is not the one of .env")
    response.raise_for_status()
    wanted = {source["uid"] for source in yaml.safe_load(DATA_SOURCES.read_text())["datasources"]}
    return of_data_sources(wanted, {source["uid"] for source in response.json()})

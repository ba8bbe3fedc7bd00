"""Jaeger 2's files change the program and nothing around it."""

from typing import Any

import yaml

from stack.paths import COMPOSE_FILE, JAEGER_2_FILE, ROOT


def services(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())["services"]
    return found


def test_ports_limits_and_user_stay_those_of_the_default() -> None:
    [(service, changed)] = services(JAEGER_2_FILE.name).items()
    assert service == "jaeger"
    assert changed.keys() == {"image", "command", "volumes", "healthcheck"}


def test_from_source_only_the_image_is_another() -> None:
    [(service, changed)] = services("docker-compose.jaeger-v2.from-source.yml").items()
    assert service == "jaeger"
    assert changed == {"image": "integr8scode/jaeger-v2:from-source", "pull_policy": "never"}


def test_traces_are_kept_where_and_as_long_as_by_version_1() -> None:
    flags = services(COMPOSE_FILE.name)["jaeger"]["command"]
    given = dict(flag.removeprefix("--").split("=") for flag in flags if "=" in flag)
    configuration = yaml.safe_load((ROOT / "jaeger" / "jaeger-v2.yaml").read_text())
    store = configuration["extensions"]["jaeger_storage"]["backends"]["badger"]["badger"]
    assert store["ttl"]["spans"] == given["badger.span-store-ttl"]
    assert store["directories"] == {"keys": given["badger.directory-key"], "values": given["badger.directory-value"]}
    assert store["ephemeral"] is False

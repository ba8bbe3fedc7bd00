"""Each component reads its own configuration before anything starts: an error is one message, no crash loop."""

import concurrent.futures
import json
from dataclasses import dataclass
from typing import Any

from stack.docker import compose
from stack.failure import StepError
from stack.paths import ROOT
from stack.process import last_lines, run


@dataclass(frozen=True)
class Check:
    """A component's own way to validate its files; `file` is the one without which it is not in force."""

    service: str
    file: str
    arguments: tuple[str, ...]
    merged_in: tuple[str, ...] = ()

    @property
    def files(self) -> str:
        """All of its files, as a person is told."""
        return ", ".join((self.file, *self.merged_in))


CHECKS = (
    Check("loki", "loki/loki-config.yaml", ("-config.file=/etc/loki/loki-config.yaml", "-verify-config")),
    Check(
        "otel-collector",
        "otel-collector-config.yaml",
        ("validate", "--config=/etc/otelcol/otel-collector-config.yaml", "--config=/etc/otelcol/repair.yaml"),
        merged_in=("otel-collector/repair.yaml",),
    ),
    Check(
        "victoria-metrics",
        "victoria-metrics/scrape.yaml",
        ("-promscrape.config=/etc/victoria-metrics/scrape.yaml", "-promscrape.config.strictParse", "-dryRun"),
    ),
    Check("jaeger", "jaeger/jaeger-v2.yaml", ("validate", "--config=/etc/jaeger/jaeger-v2.yaml")),
)
# Jaeger 1 has no such way; what would make it refuse to start is a file that is no JSON.
JAEGER_UI = "jaeger/ui.json"


def check_configurations() -> None:
    """Let every component judge its configuration file, with the image that will run.

    Raises:
        StepError: a component refuses its file; names the file and quotes the component.

    """
    _check_jaeger_ui()
    services = compose.project()["services"]
    in_force = [check for check in CHECKS if _mounts(services[check.service], check.file)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda check: _check(check, services[check.service]), in_force))


def _mounts(service: dict[str, Any], file: str) -> bool:
    return any(volume.get("source") == str(ROOT / file) for volume in service["volumes"])


def _check(check: Check, service: dict[str, Any]) -> None:
    mounts = [f"{bind['source']}:{bind['target']}:ro" for bind in service["volumes"] if bind["type"] == "bind"]
    volumes = [argument for mount in mounts for argument in ("--volume", mount)]
    confinement = ("--network", "none", "--read-only", "--cap-drop", "ALL", "--user", service["user"])
    result = run(["docker", "run", "--rm", *confinement, *volumes, service["image"], *check.arguments], timeout=60)
    if result.returncode != 0:
        raise StepError(
            f"checking {check.files}",
            f"{check.service} refuses it:\n{last_lines(result.stdout, 5)}",
            "Mend what it names, then try again. What runs keeps running as it is.",
        )


def _check_jaeger_ui() -> None:
    try:
        json.loads((ROOT / JAEGER_UI).read_text())
    except (OSError, ValueError) as error:
        raise StepError(f"checking {JAEGER_UI}", str(error), f"Mend {JAEGER_UI}, then try again.") from error

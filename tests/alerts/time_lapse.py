"""The stack's configuration with every period divided, so that ten minutes of waiting take twenty seconds.

Rules and stack keep their proportions: as many scrapes in a window, as many rounds of the compactor in its limit.
"""

import re
from pathlib import Path

from stack.paths import ROOT
from tests.alerts.rules import shortened

FACTOR = 30
# The application's metrics, sent each minute (OpenTelemetry's default).
METRIC_EXPORT_MILLISECONDS = 60_000 // FACTOR
# What has a period that the rules count on, file by file.
PERIODS = {
    "victoria-metrics/scrape.yaml": r"(?<=scrape_interval: )\d+[smh]",
    "otel-collector-config.yaml": r"(?<=metrics_flush_interval: )\d+[smh]",
    "loki/loki-config.yaml": r"(?<=compaction_interval: )\d+[smh]",
    "loki/rules/fake/log-lines.yaml": r"(?<=interval: )\d+[smh]|(?<=\[)\d+[smh](?=])|(?<=offset )\d+[smh]",
}


def write(folder: Path) -> None:
    """Write the faster files into `folder`, under the paths that they have in the checkout."""
    for name, period in PERIODS.items():
        text, periods = re.subn(period, lambda found: shortened(found[0], FACTOR), (ROOT / name).read_text())
        assert periods, f"{name} has no period that {period} finds"
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

"""What the tools assume of Loki is what its configuration says."""

import yaml

from stack.loki import MOST_LINES
from stack.paths import ROOT


def test_a_page_has_as_many_lines_as_loki_allows() -> None:
    limits = yaml.safe_load((ROOT / "loki" / "loki-config.yaml").read_text())["limits_config"]
    assert limits["max_entries_limit_per_query"] == MOST_LINES

"""What the tools assume of Loki is what its configuration says."""

import yaml

from bench.load.far_too_much import GIVE_UP_AFTER_SECONDS
from stack.paths import ROOT
from stack.stores.loki import MOST_LINES


def test_a_page_has_as_many_lines_as_loki_allows() -> None:
    limits = yaml.safe_load((ROOT / "loki" / "loki-config.yaml").read_text())["limits_config"]
    assert limits["max_entries_limit_per_query"] == MOST_LINES


def test_tests_and_benchmarks_give_up_when_grafana_does() -> None:
    files = yaml.safe_load((ROOT / "grafana/provisioning/datasources/datasources.yml").read_text())["datasources"]
    [loki] = [source for source in files if source["type"] == "loki"]
    assert loki["jsonData"]["timeout"] == GIVE_UP_AFTER_SECONDS

"""How published modules become something that Go can compile."""

import json
from pathlib import Path

import pytest
import yaml

from stack.build.components import RECIPES
from stack.build.go_build import collector_go_mod, collector_manifest, compile_package, local_replacements
from stack.build.go_toolchain import installed_go, json_in, required_version
from stack.build.steps import Steps
from stack.failure import StepError


def test_only_replacements_by_a_folder_are_taken_out() -> None:
    go_mod = json.loads("""{
      "Module": {"Path": "github.com/grafana/loki/v3"},
      "Replace": [
        {"Old": {"Path": "github.com/grafana/loki/pkg/push"}, "New": {"Path": "./pkg/push"}},
        {"Old": {"Path": "github.com/gocql/gocql"},
         "New": {"Path": "github.com/grafana/gocql", "Version": "v0.0.0-20200605141915-ba5dc39ece85"}}
      ]
    }""")
    assert local_replacements(go_mod) == ["github.com/grafana/loki/pkg/push"]


@pytest.mark.parametrize("go_mod", [{}, {"Replace": None}])
def test_a_module_that_replaces_nothing_is_left_alone(go_mod: dict[str, None]) -> None:
    assert local_replacements(go_mod) == []


def test_a_failed_compilation_leaves_no_binary(tmp_path: Path) -> None:
    """The compiler is a stand-in, since unit tests need no Go: it fails when half of its output is written."""
    compiler = tmp_path / "go"
    compiler.write_text(
        '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho half > "$2"\necho undefined: undefined\nexit 1\n'
    )
    compiler.chmod(0o755)
    binary = tmp_path / "broken"
    with pytest.raises(StepError, match="undefined: undefined"):
        compile_package(Steps("broken", print), str(compiler), source=tmp_path, package=".", binary=binary)
    assert not binary.exists()


@pytest.mark.parametrize(
    ("go_mod", "release"),
    [
        ("module a\n\ngo 1.26.5\n\nrequire b v1.0.0\n", "1.26.5"),
        ("module a\n\ngo 1.24\n\ntoolchain go1.26.8\n", "1.24.0"),
        ("module a\n", "1.21.0"),
    ],
)
def test_a_module_says_which_go_it_needs(go_mod: str, release: str) -> None:
    assert required_version(go_mod) == release


def test_lines_about_downloads_do_not_hide_what_go_answers() -> None:
    assert json_in('go: downloading a v1.0.0\n{\n\t"Dir": "/sources"\n}\ngo: done\n') == {"Dir": "/sources"}


def test_without_go_and_without_the_right_to_install_it_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StepError, match="loki: looking for Go: it is not installed") as failure:
        installed_go(Steps("loki", print))
    assert "Install Go" in failure.value.remedy


def test_every_module_of_the_manifest_gets_the_version_of_the_image() -> None:
    manifest = yaml.safe_load((RECIPES / "otel-collector" / "manifest.yaml").read_text())
    rendered = collector_manifest(manifest, "0.155.0", Path("/sources"))
    kinds = ("receivers", "processors", "exporters", "connectors", "extensions")
    modules = [module["gomod"] for kind in kinds for module in rendered[kind]]
    assert len(modules) == sum(len(manifest[kind]) for kind in kinds)
    assert all(module.endswith(" v0.155.0") for module in modules)
    assert rendered["dist"]["version"] == "0.155.0"


def test_go_mod_requires_what_the_generated_sources_quote() -> None:
    generated = """
    import "go.opentelemetry.io/collector/otelcol"
    x.Type(): "go.opentelemetry.io/collector/receiver/otlpreceiver v0.155.0",
    x.Scheme(): "go.opentelemetry.io/collector/confmap/provider/envprovider v1.61.0",
    Description: "a sentence that ends in v1.0.0 with more",
    """
    assert collector_go_mod(generated, "0.155.0", "1.26.8").splitlines()[2:] == [
        "go 1.26.8",
        "",
        "require (",
        "\tgo.opentelemetry.io/collector/confmap/provider/envprovider v1.61.0",
        "\tgo.opentelemetry.io/collector/otelcol v0.155.0",
        "\tgo.opentelemetry.io/collector/receiver/otlpreceiver v0.155.0",
        ")",
    ]

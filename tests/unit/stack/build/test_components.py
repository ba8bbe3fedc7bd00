"""Which images are built, of which version, and out of which modules."""

import pytest
import yaml

from stack.build import versions
from stack.build.components import BASES, COMPONENTS, GO_MODULES, RECIPES, chosen, version
from stack.paths import COMPOSE_FILE, JAEGER_2_FILE, ROOT


@pytest.mark.parametrize("component", sorted({*COMPONENTS} - {*BASES}))
def test_a_component_takes_the_tag_of_its_official_image(component: str) -> None:
    official = yaml.safe_load(COMPOSE_FILE.read_text())["services"][component]
    assert official["image"].endswith(f":{version(component)}")


def test_jaeger_2_comes_out_of_the_module_of_the_version_1_that_it_was_released_with() -> None:
    module = GO_MODULES["jaeger-v2"]
    assert module.module_version(version("jaeger-v2")) == f"v{version('jaeger')}"


def test_packages_come_from_the_debian_release_under_the_official_python_image() -> None:
    assert versions.official_python_image().endswith(f"-{version('python')}")


def test_jaeger_2_is_built_only_where_its_compose_file_is_in_force() -> None:
    assert chosen(["docker-compose.yml"]) == COMPONENTS
    assert chosen(["docker-compose.yml", JAEGER_2_FILE.name]) == (*COMPONENTS, "jaeger-v2")


def test_every_component_of_the_configuration_is_in_the_manifest() -> None:
    files = (ROOT / "otel-collector-config.yaml", *(ROOT / "otel-collector").glob("*.yaml"))
    configurations = [yaml.safe_load(file.read_text()) for file in files]
    manifest = yaml.safe_load((RECIPES / "otel-collector" / "manifest.yaml").read_text())
    module_names = {"otlp_http": "otlphttp", "otlp_grpc": "otlp"}
    for kind in ("receivers", "processors", "exporters", "connectors", "extensions"):
        built = {module["gomod"].rpartition("/")[2] for module in manifest[kind]}
        for component in (name for each in configurations for name in each.get(kind, {})):
            component_type = component.partition("/")[0]
            name = module_names.get(component_type, component_type.replace("_", ""))
            assert built & {name, name + kind.removesuffix("s")}, f"{component} is not in {kind} of the manifest"

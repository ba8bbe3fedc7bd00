"""Images built from source: what they are built from, when they are built again, and how a build fails."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from stack.build import debian_base, images, steps, versions
from stack.build.go_build import collector_go_mod, collector_manifest, compile_package, local_replacements
from stack.build.go_toolchain import installed_go, json_in, required_version
from stack.build.steps import Steps, remedy_for
from stack.failure import StepError
from stack.paths import COMPOSE_FILE, JAEGER_2_FILE, ROOT
from tests.support.next_line import next_line


class TestVersions:
    """docker-compose.yml is the one place of versions."""

    @pytest.mark.parametrize("component", sorted({*images.COMPONENTS} - {*images.BASES}))
    def test_a_component_takes_the_tag_of_its_official_image(self, component: str) -> None:
        official = yaml.safe_load(COMPOSE_FILE.read_text())["services"][component]
        assert official["image"].endswith(f":{images.version(component)}")

    def test_jaeger_2_comes_out_of_the_module_of_the_version_1_that_it_was_released_with(self) -> None:
        module = images.GO_MODULES["jaeger-v2"]
        assert module.module_version(images.version("jaeger-v2")) == f"v{images.version('jaeger')}"

    def test_packages_come_from_the_debian_release_under_the_official_python_image(self) -> None:
        assert versions.official_python_image().endswith(f"-{images.version('python')}")

    def test_a_digest_does_not_hide_the_tag(self) -> None:
        assert versions.image_tag("loki", f"registry:5000/grafana/loki:3.7.8@sha256:{'0' * 64}") == "3.7.8"

    @pytest.mark.parametrize("image", ["", "grafana/loki", f"grafana/loki@sha256:{'0' * 64}"])
    def test_an_image_without_a_tag_is_refused_by_name(self, image: str) -> None:
        with pytest.raises(StepError, match=f"loki: .*docker-compose.yml: `{image}` has no tag"):
            versions.image_tag("loki", image)

    @pytest.mark.parametrize("image", ["python:3.11", "python:3.11-slim"])
    def test_a_python_image_that_names_no_debian_release_is_refused(
        self, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compose_file = tmp_path / "docker-compose.yml"
        services = {"backend": {"build": {"args": {"PYTHON_IMAGE": image}}}}
        compose_file.write_text(yaml.safe_dump({"services": services}))
        monkeypatch.setattr(versions, "COMPOSE_FILE", compose_file)
        with pytest.raises(StepError, match=f"`{image}` does not end in the name of a Debian release"):
            versions.debian_suite()


class TestChoice:
    def test_jaeger_2_is_built_only_where_its_compose_file_is_in_force(self) -> None:
        assert images.chosen(["docker-compose.yml"]) == images.COMPONENTS
        assert images.chosen(["docker-compose.yml", JAEGER_2_FILE.name]) == (*images.COMPONENTS, "jaeger-v2")


class TestInputs:
    """An image is built again exactly when something that goes into it changed."""

    @pytest.fixture
    def recipe(self, tmp_path: Path) -> Path:
        file = tmp_path / "loki" / "Dockerfile"
        file.parent.mkdir()
        file.write_text("FROM scratch\n")
        return file

    def test_the_same_inputs_give_the_same_hash_wherever_the_checkout_is(self, recipe: Path, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere" / "loki" / "Dockerfile"
        elsewhere.parent.mkdir(parents=True)
        elsewhere.write_text(recipe.read_text())
        here = images.inputs_hash(tmp_path, [recipe], "3.7.8")
        assert here == images.inputs_hash(tmp_path / "elsewhere", [elsewhere], "3.7.8")

    @pytest.mark.parametrize(
        "change",
        [
            lambda recipe: recipe.write_text("FROM scratch\nUSER 10001\n"),
            lambda recipe: recipe.rename(recipe.with_name("Containerfile")),
            lambda recipe: recipe.chmod(0o755),
            lambda recipe: recipe.with_name("manifest.yaml").write_text(""),
        ],
        ids=["content", "name", "mode", "new file"],
    )
    def test_a_changed_folder_gives_another_hash(
        self, change: Callable[[Path], object], recipe: Path, tmp_path: Path
    ) -> None:
        before = images.inputs_hash(tmp_path, recipe.parent.iterdir(), "3.7.8")
        change(recipe)
        assert images.inputs_hash(tmp_path, recipe.parent.iterdir(), "3.7.8") != before

    def test_another_version_or_base_gives_another_hash(self, recipe: Path, tmp_path: Path) -> None:
        hashes = {images.inputs_hash(tmp_path, [recipe], *facts) for facts in [("a", "b"), ("a", "c"), ("ab",), ("a",)]}
        assert len(hashes) == 4

    def test_another_authority_on_the_host_renews_whatever_is_based_on_debian(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def hashes() -> dict[str, str]:
            return {component: images._tagged(component) for component in images.COMPONENTS}

        before = hashes()
        bundle = tmp_path / "ca.crt"
        bundle.write_text("one authority more")
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        assert {name for name, image in hashes().items() if image != before[name]} == {*images.COMPONENTS} - {
            "otel-collector"
        }

    @pytest.mark.parametrize("engine", ["an engine without the image", "no engine"])
    def test_without_its_image_a_component_is_not_current(self, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(images, "NAMESPACE", "integr8scode-of-nobody")
        if engine == "no engine":
            monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
        assert not any(images.is_current(component) for component in images.COMPONENTS)


class TestGoModules:
    def test_only_replacements_by_a_folder_are_taken_out(self) -> None:
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
    def test_a_module_that_replaces_nothing_is_left_alone(self, go_mod: dict[str, None]) -> None:
        assert local_replacements(go_mod) == []

    def test_a_failed_compilation_leaves_no_binary(self, tmp_path: Path) -> None:
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
    def test_a_module_says_which_go_it_needs(self, go_mod: str, release: str) -> None:
        assert required_version(go_mod) == release

    def test_lines_about_downloads_do_not_hide_what_go_answers(self) -> None:
        assert json_in('go: downloading a v1.0.0\n{\n\t"Dir": "/sources"\n}\ngo: done\n') == {"Dir": "/sources"}


class TestCollector:
    def test_every_module_of_the_manifest_gets_the_version_of_the_image(self) -> None:
        manifest = yaml.safe_load((images.RECIPES / "otel-collector" / "manifest.yaml").read_text())
        rendered = collector_manifest(manifest, "0.155.0", Path("/sources"))
        kinds = ("receivers", "processors", "exporters", "connectors", "extensions")
        modules = [module["gomod"] for kind in kinds for module in rendered[kind]]
        assert len(modules) == sum(len(manifest[kind]) for kind in kinds)
        assert all(module.endswith(" v0.155.0") for module in modules)
        assert rendered["dist"]["version"] == "0.155.0"

    def test_every_component_of_the_configuration_is_in_the_manifest(self) -> None:
        files = (ROOT / "otel-collector-config.yaml", *(ROOT / "otel-collector").glob("*.yaml"))
        configurations = [yaml.safe_load(file.read_text()) for file in files]
        manifest = yaml.safe_load((images.RECIPES / "otel-collector" / "manifest.yaml").read_text())
        module_names = {"otlp_http": "otlphttp", "otlp_grpc": "otlp"}
        for kind in ("receivers", "processors", "exporters", "connectors", "extensions"):
            built = {module["gomod"].rpartition("/")[2] for module in manifest[kind]}
            for component in (name for each in configurations for name in each.get(kind, {})):
                component_type = component.partition("/")[0]
                name = module_names.get(component_type, component_type.replace("_", ""))
                assert built & {name, name + kind.removesuffix("s")}, f"{component} is not in {kind} of the manifest"

    def test_go_mod_requires_what_the_generated_sources_quote(self) -> None:
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


class TestFailures:
    """A failed build says which image, which step, what was found and what to do."""

    def test_it_quotes_the_end_of_what_the_tool_printed(self) -> None:
        with pytest.raises(StepError) as failure:
            Steps("loki", print).run("compiling", ["sh", "-c", "seq --format 'line %g' 99; exit 3"])
        assert failure.value.what == "building loki: compiling"
        assert "line 99" in failure.value.why
        assert "line 50" not in failure.value.why
        assert "make up" in failure.value.remedy

    def test_a_tool_that_is_not_installed_is_named(self) -> None:
        with pytest.raises(StepError, match="dockerr: no such program"):
            Steps("loki", print).run("building the image", ["dockerr", "build"])

    def test_without_go_and_without_the_right_to_install_it_says_where_to_get_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(StepError, match="loki: looking for Go: it is not installed") as failure:
            installed_go(Steps("loki", print))
        assert "Install Go" in failure.value.remedy

    @pytest.mark.parametrize(
        ("printed", "remedy"),
        [
            ("write /x/b001/_pkg_.a: no space left on device", "disk space"),
            ("[Errno 28] No space left on device: '/x/context'", "disk space"),
            ("go: go.mod requires go >= 1.26.5 (running go 1.24.1; GOTOOLCHAIN=local)", "GOTOOLCHAIN"),
            ("loki: reading https://…: 403 Forbidden", "GOPROXY"),
            ("E: Failed to fetch http://…/redis.deb  403  Forbidden", "DEBIAN_MIRROR"),
            ("x509: certificate signed by unknown authority", "authority"),
            ("dial tcp: lookup proxy: no such host", "network"),
            ("dial tcp 127.0.0.1:3128: connect: connection refused", "network"),
            ("Cannot connect to the Docker daemon at unix:///…", "Engine"),
            ("Temporary failure resolving 'mirror.example'", "dns"),
            ("verifying module: checksum mismatch", "checksum"),
            ("something never seen before", steps.ANY_OTHER_REMEDY),
        ],
    )
    def test_a_known_cause_comes_with_its_remedy(self, printed: str, remedy: str) -> None:
        assert remedy in remedy_for(printed)

    def test_without_trusted_authorities_it_says_where_it_looked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(debian_base, "CA_BUNDLES", (str(tmp_path / "missing.crt"),))
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with pytest.raises(StepError, match=r"none of .*missing\.crt is a file"):
            debian_base.host_ca_bundle()

    def test_a_scratch_folder_that_cannot_be_written_is_a_build_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_the_way = tmp_path / "file"
        in_the_way.touch()
        monkeypatch.setattr(images, "SCRATCH", in_the_way)
        with pytest.raises(StepError, match=r"otel-collector: working in .*/file/otel-collector"):
            images.build("otel-collector", report=print)


class TestProgress:
    def test_a_quick_step_says_nothing_and_a_long_one_gives_signs_of_life(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines: list[str] = []
        Steps("loki", lines.append).run("asking", ["true"])
        assert lines == []

        monkeypatch.setattr(steps, "FIRST_SIGN_SECONDS", 0.05)
        monkeypatch.setattr(steps, "SIGN_OF_LIFE_SECONDS", 0.05)
        gate = tmp_path / "gate"
        os.mkfifo(gate)

        def open_after_two(line: str) -> None:
            lines.append(line)
            if len(lines) == 2:
                gate.write_text("open")

        Steps("loki", open_after_two).run("compiling", ["cat", str(gate)])
        assert lines[0] == "loki: compiling"
        assert lines[1].startswith("loki: compiling, ")

    def test_a_second_build_of_the_same_image_waits_for_the_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(images, "SCRATCH", tmp_path)
        (tmp_path / "loki").mkdir()
        first = subprocess.Popen(
            ["flock", "--no-fork", str(tmp_path / "loki" / "lock"), "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdin.write(b"held\n")
        first.stdin.flush()
        assert next_line(first.stdout) == b"held\n"

        def let_go(line: str) -> None:
            assert line == "loki: waiting for another build of it"
            first.communicate()

        with images._exclusively(Steps("loki", let_go)):
            assert first.poll() == 0

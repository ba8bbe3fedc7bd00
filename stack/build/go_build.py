"""Static Go binaries out of published modules, with the version that docker-compose.yml names.

Every download is checked against the module's own go.sum or the public checksum database (Go's defaults, which are not
touched). Go's build cache makes a second build quick and lets an interrupted one go on.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stack.build.go_toolchain import download, installed_go, json_in, new_enough_go, own_version
from stack.build.steps import Steps

STATIC = {"CGO_ENABLED": "0"}
STRIPPED = "-s -w"
BUILDER = "go.opentelemetry.io/collector/cmd/builder"
COLLECTOR_CORE = "go.opentelemetry.io/collector/otelcol"


@dataclass(frozen=True)
class GoModule:
    """A program that is one package of a published module."""

    path: str
    package: str
    version_variable: str
    """The string variable that the program prints as its version; releases set it when they link."""

    def build(self, steps: Steps, tag: str, scratch: Path) -> Path:
        """Compile the release that the image tag `tag` names; returns the binary, a file of `scratch`.

        Raises:
            StepError: a download or the compiler failed.
        """
        installed = installed_go(steps)
        source = download(steps, installed, f"{self.path}@{self.module_version(tag)}")
        go = new_enough_go(steps, installed, source)
        go_mod = buildable_go_mod(steps, go, source, scratch)
        binary = scratch / Path(self.package).name
        link_flags = f"-X {self.version_variable}={tag}"
        compile_package(
            steps, go, f"-modfile={go_mod}", source=source, package=self.package, binary=binary, link_flags=link_flags
        )
        return binary

    def module_version(self, tag: str) -> str:
        """The module's version that the image tag `tag` stands for, e.g. `v3.7.8`."""
        return f"v{tag.removeprefix('v')}"


class Jaeger2(GoModule):
    """Jaeger 2, a program of Jaeger 1's module: up to 2.13 each was released together with a version 1."""

    def module_version(self, tag: str) -> str:
        """The version 1 with which 2.N was released: 1.(63 + N), e.g. `v1.76.0` for 2.13.0."""
        _, minor, patch = tag.split(".")
        return f"v1.{63 + int(minor)}.{patch}"


def buildable_go_mod(steps: Steps, go: str, source: Path, scratch: Path) -> Path:
    """Copies of a published module's go.mod and go.sum, without what holds only in a checkout of its repository.

    Raises:
        StepError: Go does not understand the file.
    """
    go_mod = scratch / "go.mod"
    for name in ("go.mod", "go.sum"):
        (scratch / name).write_bytes((source / name).read_bytes())
    listing = steps.run("reading go.mod", [go, "mod", "edit", "-json", str(go_mod)])
    if drops := [f"-dropreplace={module}" for module in local_replacements(json_in(listing))]:
        steps.run("editing go.mod", [go, "mod", "edit", *drops, str(go_mod)])
    return go_mod


def local_replacements(go_mod: dict[str, Any]) -> list[str]:
    """The modules that a go.mod (as `go mod edit -json` shows it) replaces by a folder beside it.

    A published module comes without those folders: the version that it requires takes their place.
    """
    return [
        replacement["Old"]["Path"] for replacement in go_mod.get("Replace") or [] if "Version" not in replacement["New"]
    ]


def build_collector(steps: Steps, tag: str, manifest: Path, scratch: Path) -> Path:
    """Compile a Collector with the components of `manifest`; returns the binary, a file of `scratch`.

    The Collector's builder only generates the sources here. It would run `go mod tidy`, which also asks for what only
    the tests of dependencies need and so fails behind a proxy that lacks one of those.

    Raises:
        StepError: a download, the builder or the compiler failed.
    """
    version = tag.removeprefix("v")
    sources = scratch / "src"
    sources.mkdir(exist_ok=True)
    rendered = scratch / "manifest.yaml"
    rendered.write_text(yaml.safe_dump(collector_manifest(yaml.safe_load(manifest.read_text()), version, sources)))
    installed = installed_go(steps)
    builder = f"{BUILDER}@v{version}"
    go = new_enough_go(steps, installed, download(steps, installed, builder))
    generate = [go, "run", builder, f"--config={rendered}", "--skip-compilation", "--skip-get-modules"]
    steps.run("generating its sources", generate, env=STATIC)

    generated = (sources / "main.go").read_text() + (sources / "components.go").read_text()
    (sources / "go.mod").write_text(collector_go_mod(generated, version, own_version(steps, go)))
    binary = scratch / "otelcol-contrib"
    compile_package(steps, go, source=sources, package=".", binary=binary)
    return binary


def collector_manifest(manifest: dict[str, Any], version: str, sources: Path) -> dict[str, Any]:
    """The builder's manifest: every module at `version`, generated into the folder `sources`."""
    distribution = {
        **manifest["dist"],
        "module": "integr8scode/otel-collector",
        "version": version,
        "output_path": str(sources),
    }
    versioned = {
        kind: [{**module, "gomod": f"{module['gomod']} v{version}"} for module in modules]
        for kind, modules in manifest.items()
        if isinstance(modules, list)
    }
    return {**manifest, "dist": distribution, **versioned}


def collector_go_mod(generated: str, version: str, go_version: str) -> str:
    """The go.mod for generated sources, which quote every module they import with its version.

    Among them are the configuration providers, whose versions only the builder knows.
    """
    modules = set(re.findall(r'"([a-z][\w./-]+ v[\w.+-]+)"', generated)) | {f"{COLLECTOR_CORE} v{version}"}
    requirements = "".join(f"\t{module}\n" for module in sorted(modules))
    return f"module integr8scode/otel-collector\n\ngo {go_version}\n\nrequire (\n{requirements})\n"


def compile_package(
    steps: Steps, go: str, *flags: str, source: Path, package: str, binary: Path, link_flags: str = ""
) -> None:
    """Compile `package` of the module in `source` with `go` to `binary`, which is never a half-written file.

    Raises:
        StepError: the compiler or a download failed.
    """
    unfinished = binary.with_suffix(".part")
    # -mod=mod fetches what go.sum does not name yet; -buildvcs=false: the sources are in nobody's repository.
    command = [go, "build", "-C", str(source), "-mod=mod", "-trimpath", "-buildvcs=false", *flags]
    command += [f"-ldflags={STRIPPED} {link_flags}".rstrip(), "-o", str(unfinished), package]
    steps.run("compiling (minutes the first time)", command, env=STATIC)
    unfinished.rename(binary)

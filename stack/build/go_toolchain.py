"""A Go that is new enough: the machine's own, or a tested release, fetched by the machine's own.

Any Go can download a release of Go as the module that it is published as, checked like every other module: those of
distributions, too, which are old or told to fetch nothing by themselves.
"""

import json
import os
import platform
import re
import shutil
from pathlib import Path
from typing import Any

from stack.build.steps import Steps, build_failure

RELEASES = "golang.org/toolchain"
# What every module here is known to compile with. A go.mod names the oldest that may do; with the one that the
# Collector's names, 1.25.0, the linker fails ("relocation target … not defined").
TESTED = "1.26.8"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def installed_go(steps: Steps) -> str:
    """A go program, whatever its age.

    Raises:
        StepError: there is none.
    """
    if shutil.which("go") is None:
        raise build_failure(
            steps.component,
            "looking for Go",
            "it is not installed",
            "Install Go (`apt-get install golang-go`, or go.dev/dl, any version from 1.19), then `make up`.",
        )
    return "go"


def download(steps: Steps, go: str, module: str) -> Path:
    """The folder with the sources of `module`, given as `path@version`.

    Raises:
        StepError: the download failed, or is not what the checksum database knows.
    """
    command = [go, "mod", "download", "-json", module]
    return Path(json_in(steps.run(f"downloading {module}", command))["Dir"])


def new_enough_go(steps: Steps, go: str, source: Path) -> str:
    """The go program that compiles the module in `source`: `go` itself if it is new enough, else a release that is.

    `GOTOOLCHAIN=local` in the environment forbids the latter, as it does for Go itself.

    Raises:
        StepError: that release can't be downloaded.
    """
    needed = max(required_version((source / "go.mod").read_text()), TESTED, key=_numbers)
    if _numbers(own_version(steps, go)) >= _numbers(needed) or os.environ.get("GOTOOLCHAIN") == "local":
        return go
    machine = f"linux-{ARCHITECTURES.get(platform.machine(), platform.machine())}"
    release = download(steps, go, f"{RELEASES}@v0.0.1-go{needed}.{machine}")
    # Modules come without permission bits.
    for program in (*release.glob("bin/*"), *release.glob("pkg/tool/*/*")):
        program.chmod(0o555)
    return str(release / "bin" / "go")


def own_version(steps: Steps, go: str) -> str:
    """The version of a go program, e.g. `1.26.8`.

    Raises:
        StepError: it does not run.
    """
    printed = steps.run("asking for Go's version", [go, "env", "GOVERSION"])
    return printed.split()[-1].removeprefix("go")


def required_version(go_mod: str) -> str:
    """The oldest Go release that may compile a module, as its go.mod says, e.g. `1.26.5`."""
    match = re.search(r"^go (\S+)", go_mod, re.MULTILINE)
    version = match[1] if match else "1.21"
    return version if version.count(".") == 2 else f"{version}.0"  # noqa: PLR2004 - major.minor.patch


def json_in(output: str) -> dict[str, Any]:
    """The object that a go command printed, among lines about what it downloads meanwhile."""
    found: dict[str, Any] = json.JSONDecoder().raw_decode(output, output.index("{"))[0]
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])

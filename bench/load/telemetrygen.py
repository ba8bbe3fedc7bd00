"""The Collector project's own load generator, in the Collector's release, compiled once."""

from pathlib import Path

from stack.build.go_build import STATIC
from stack.build.go_toolchain import download, installed_go, new_enough_go
from stack.build.steps import Steps
from stack.build.versions import release
from stack.paths import SCRATCH
from stack.terminal import console

MODULE = "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen"


def program() -> Path:
    """Its program, ready to run.

    Raises:
        StepError: it can't be downloaded or compiled.

    """
    version = release("otel-collector").removeprefix("v")
    folder = SCRATCH / f"telemetrygen-{version}"
    if not (folder / "telemetrygen").exists():
        steps = Steps("telemetrygen", console.print)
        module = f"{MODULE}@v{version}"
        installed = installed_go(steps)
        go = new_enough_go(steps, installed, download(steps, installed, module))
        steps.run("compiling", [go, "install", module], env={**STATIC, "GOBIN": str(folder)})
    return folder / "telemetrygen"

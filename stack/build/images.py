"""Building the images, for machines where no registry answers.

Each is built once per set of inputs. A build that was killed goes on where it was: nothing half-made ever gets a final
name.
"""

import concurrent.futures
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from stack.build import debian_base, go_build
from stack.build.components import COMPONENTS, FROM_DEBIAN, GO_MODULES, RECIPES, needs_debian, version
from stack.build.inputs import CURRENT, NAMESPACE, current, files_of, inputs_hash, is_current, same_image, tagged
from stack.build.scratch import context_of, exclusively
from stack.build.steps import Steps
from stack.docker.inspect import image_id
from stack.failure import StepError
from stack.paths import ROOT
from stack.process import run
from stack.terminal import Report

# The application's image and what goes into it, as app/Dockerfile copies it.
APPLICATION: Final = "app"
APPLICATION_INPUTS: Final = ("app", "requirements.lock", ".dockerignore")
# As docker build and the programs in it know a proxy; the engine passes them on without leaving them in the image.
PROXY_VARIABLES: Final = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def build(component: str, report: Report) -> None:
    """Build the image of `component`, and the one it is based on; instant when it is current.

    Raises:
        StepError: a step failed; says which, why, and what to do. The next call goes on from there.
    """
    steps = Steps(component, report)
    with exclusively(steps) as scratch:
        if is_current(component):
            return
        image = tagged(component)
        if image_id(image) is None:
            artefacts = _artefacts(steps, scratch)
            arguments = {"VERSION": version(component)}
            if needs_debian(component):
                build("debian", report)
                arguments["BASE"] = tagged("debian")
            with context_of(scratch, artefacts) as context:
                dockerfile = RECIPES / component / "Dockerfile"
                _docker_build(steps, dockerfile, context, image=image, arguments=arguments)
        _name(steps, image, current(component))


def build_all(report: Report, components: Sequence[str] = COMPONENTS) -> None:
    """Build every image of `components` that is not current, compiling Go while Debian's packages are fetched.

    Raises:
        StepError: the first failure, once what was being built beside it is done (it is kept).
    """
    failures: list[StepError] = []

    def build_chain(components: Iterable[str]) -> None:
        for component in components:
            if failures:
                return
            try:
                build(component, report)
            except StepError as error:
                report(f"{error.what} failed; ending what is being built beside it")
                failures.append(error)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        from_debian = [component for component in components if component in FROM_DEBIAN]
        compiled = [component for component in components if component not in FROM_DEBIAN]
        list(pool.map(build_chain, (compiled, from_debian)))
    if failures:
        raise failures[0]


def build_app(report: Report, python_image: str) -> None:
    """Build `integr8scode/app:local` from app/Dockerfile on the local `python_image`; instant when it is current.

    Raises:
        StepError: the build failed.
    """
    steps = Steps(APPLICATION, report)
    with exclusively(steps):
        base = image_id(python_image) or ""
        files = [file for name in APPLICATION_INPUTS for file in files_of(ROOT / name)]
        image = f"{NAMESPACE}/{APPLICATION}:{inputs_hash(ROOT, files, base)}"
        local = f"{NAMESPACE}/{APPLICATION}:local"
        if same_image(image, local):
            return
        if image_id(image) is None:
            arguments = {"PYTHON_IMAGE": python_image}
            dockerfile = ROOT / "app" / "Dockerfile"
            _docker_build(steps, dockerfile, ROOT, image=image, arguments=arguments)
        _name(steps, image, local)


def _artefacts(steps: Steps, scratch: Path) -> dict[str, Path]:
    """What the component's Dockerfile copies: name there → file here, made now where it has to be."""
    component = steps.component
    if component == "debian":
        rootfs = debian_base.build_rootfs(steps, version(component), scratch)
        return {"rootfs.tar": rootfs, "ca-certificates.crt": debian_base.host_ca_bundle()}
    if component == "otel-collector":
        manifest = RECIPES / component / "manifest.yaml"
        binary = go_build.build_collector(steps, version(component), manifest, scratch)
        return {binary.name: binary}
    if component in GO_MODULES:
        binary = GO_MODULES[component].build(steps, version(component), scratch)
        return {binary.name: binary}
    return {}


def _docker_build(steps: Steps, dockerfile: Path, context: Path, *, image: str, arguments: dict[str, str]) -> None:
    given = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    proxies = [f"--build-arg={name}" for name in PROXY_VARIABLES if name in os.environ]
    command = ["docker", "build", f"--file={dockerfile}", *given, *proxies, f"--tag={image}", str(context)]
    steps.run("building the image", command, env=_builder())


def _builder() -> dict[str, str]:
    """BuildKit where the client has it, which distributions leave out, and else the builder that every engine has.

    The engine's own BuildKit, whichever is chosen: another one sees neither the image that ours is based on, nor would
    the engine see what it builds.
    """
    if run(["docker", "buildx", "version"]).returncode == 0:
        return {"DOCKER_BUILDKIT": "1", "BUILDX_BUILDER": "default"}
    return {"DOCKER_BUILDKIT": "0"}


def _name(steps: Steps, image: str, name: str) -> None:
    """Point `name` at the image, and forget the builds before it (the engine keeps what still runs)."""
    steps.run("naming the image", ["docker", "tag", image, name])
    repository = image.partition(":")[0]
    images = run(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository]).stdout.split()
    builds = [other for other in images if re.fullmatch(rf"{repository}:({CURRENT}-)?[0-9a-f]{{12}}", other)]
    if superseded := [other for other in builds if other != image]:
        run(["docker", "image", "rm", *superseded])
    steps.report(f"{steps.component}: built {image}")

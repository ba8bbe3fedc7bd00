"""The container images that this project can build on its own, for machines where no image registry answers.

Each is built once per set of inputs: its folder in `images/`, its version, and the image it is based on are hashed into
the tag `from-source-<hash>`, and `from-source` points at the current one. A build that was killed goes on where it
was: nothing half-made ever gets a final name.
"""

import concurrent.futures
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from stack.build import debian_base, go_build
from stack.build.steps import Report, Steps, build_failure, remedy_for
from stack.build.versions import debian_suite, release
from stack.docker.inspect import image_id
from stack.failure import StepError
from stack.paths import ROOT
from stack.process import run

RECIPES: Final = ROOT / "images"
SCRATCH: Final = ROOT / ".build"
NAMESPACE: Final = "integr8scode"
CURRENT: Final = "from-source"
# The application's image and what goes into it, as app/Dockerfile copies it.
APPLICATION: Final = "app"
APPLICATION_INPUTS: Final = ("app", "requirements.lock", ".dockerignore")
# As docker build and the programs in it know a proxy; the engine passes them on without leaving them in the image.
PROXY_VARIABLES: Final = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

GO_MODULES: Final = {
    "loki": go_build.GoModule(
        path="github.com/grafana/loki/v3",
        package="./cmd/loki",
        version_variable="github.com/grafana/loki/v3/pkg/util/build.Version",
    ),
    "jaeger": go_build.GoModule(
        path="github.com/jaegertracing/jaeger",
        package="./cmd/all-in-one",
        version_variable="github.com/jaegertracing/jaeger/internal/version.latestVersion",
    ),
    "jaeger-v2": go_build.Jaeger2(
        path="github.com/jaegertracing/jaeger",
        package="./cmd/jaeger",
        version_variable="github.com/jaegertracing/jaeger/internal/version.latestVersion",
    ),
    "victoria-metrics": go_build.GoModule(
        path="github.com/VictoriaMetrics/VictoriaMetrics",
        package="./app/victoria-metrics",
        version_variable="github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version",
    ),
}
# Two chains that can be built side by side: the first waits for the network and the disk, the second for the processor.
FROM_DEBIAN: Final = ("debian", "python", "redis")
FROM_GO: Final = ("loki", "otel-collector", "jaeger", "victoria-metrics")
# The build bases are Debian itself. All others follow the tags of docker-compose.yml.
BASES: Final = ("debian", "python")
COMPONENTS: Final = (*FROM_DEBIAN, *FROM_GO)
# Built where a Compose file that a person chose asks for it (docker-compose.jaeger-v2.yml), and not otherwise.
OPTIONAL: Final = ("jaeger-v2",)


def is_current(component: str) -> bool:
    """Whether the image of `component` is there, built from today's inputs.

    Raises:
        StepError: docker-compose.yml does not say which version is wanted.
    """
    return _same_image(_tagged(component), _current(component))


def build(component: str, report: Report) -> None:
    """Build the image of `component`, and the one it is based on; instant when it is current.

    Raises:
        StepError: a step failed; says which, why, and what to do. The next call goes on from there.
    """
    steps = Steps(component, report)
    with _exclusively(steps) as scratch:
        if is_current(component):
            return
        image = _tagged(component)
        if image_id(image) is None:
            artefacts = _artefacts(steps, scratch)
            arguments = {"VERSION": version(component)}
            if _needs_debian(component):
                build("debian", report)
                arguments["BASE"] = _tagged("debian")
            with _context(scratch, artefacts) as context:
                dockerfile = RECIPES / component / "Dockerfile"
                _docker_build(steps, dockerfile, context, image=image, arguments=arguments)
        _name(steps, image, _current(component))


def chosen(files: Container[str]) -> tuple[str, ...]:
    """The components of the project that these Compose files, given by name, make up."""
    return (*COMPONENTS, *(component for component in OPTIONAL if f"docker-compose.{component}.yml" in files))


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
    with _exclusively(steps):
        base = image_id(python_image) or ""
        files = [file for name in APPLICATION_INPUTS for file in _files(ROOT / name)]
        image = f"{NAMESPACE}/{APPLICATION}:{inputs_hash(ROOT, files, base)}"
        current = f"{NAMESPACE}/{APPLICATION}:local"
        if _same_image(image, current):
            return
        if image_id(image) is None:
            arguments = {"PYTHON_IMAGE": python_image}
            dockerfile = ROOT / "app" / "Dockerfile"
            _docker_build(steps, dockerfile, ROOT, image=image, arguments=arguments)
        _name(steps, image, current)


def version(component: str) -> str:
    """What an image is built from: the release that docker-compose.yml names or, of a build base, Debian's.

    Raises:
        StepError: docker-compose.yml does not name it.
    """
    return debian_suite() if component in BASES else release(component)


def inputs_hash(root: Path, files: Iterable[Path], *facts: str) -> str:
    """A short hash of `files` (names relative to `root`, modes, contents) and of `facts`."""
    digest = hashlib.sha256()
    for file in sorted(files):
        executable = bool(file.stat().st_mode & 0o100)
        digest.update(
            f"{file.relative_to(root)}\0{executable}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode()
        )
    for fact in facts:
        digest.update(f"{fact}\0".encode())
    return digest.hexdigest()[:12]


def _inputs(component: str) -> str:
    facts = [version(component)]
    if component == "debian":
        facts += [debian_base.host_ca_bundle().read_text(errors="replace"), debian_base.mirror()]
    if component in GO_MODULES:
        facts.append(repr(GO_MODULES[component]))
    if _needs_debian(component):
        facts.append(_inputs("debian"))
    return inputs_hash(RECIPES, _files(RECIPES / component), *facts)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def _needs_debian(component: str) -> bool:
    return "ARG BASE\n" in (RECIPES / component / "Dockerfile").read_text()


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


@contextlib.contextmanager
def _context(scratch: Path, artefacts: dict[str, Path]) -> Iterator[Path]:
    context = scratch / "context"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir()
    for name, file in artefacts.items():
        shutil.copy(file, context / name)
    yield context
    shutil.rmtree(context)


@contextlib.contextmanager
def _exclusively(steps: Steps) -> Iterator[Path]:
    """Hold the component's scratch folder; a build of it by another thread or process is waited for."""
    scratch = SCRATCH / steps.component
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        with (scratch / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                steps.report(f"{steps.component}: waiting for another build of it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield scratch
    except OSError as error:
        raise build_failure(steps.component, f"working in {scratch}", str(error), remedy_for(str(error))) from error


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


def _tagged(component: str) -> str:
    return f"{_current(component)}-{_inputs(component)}"


def _current(component: str) -> str:
    return f"{NAMESPACE}/{component}:{CURRENT}"


def _same_image(one: str, other: str) -> bool:
    found = image_id(one)
    return found is not None and found == image_id(other)

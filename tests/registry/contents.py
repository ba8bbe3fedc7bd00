"""What the registry holds: the images of this machine's `make up`, under the names that docker-compose.yml gives them.

Images built from source have the paths, users and entry points of the official ones, so they can stand in their place.
Two are made for the purpose (stand_ins/): Python with the application's packages, and what answers for Grafana.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stack.build.images import PROXY_VARIABLES
from stack.build.versions import official_python_image
from stack.docker import compose
from stack.docker.inspect import image_id
from stack.paths import ROOT, SCRATCH
from tests.registry.registry import registry
from tests.support.free_ports import free_ports

STAND_INS: Final = Path(__file__).parent / "stand_ins"
LOCK: Final = ROOT / "requirements.lock"


def filled_storage() -> Path:
    """The folder of a registry that holds every image; filled anew (a minute) when one of them has changed."""
    images = _local_images()
    folder = SCRATCH / "registry"
    storage = folder / f"images-{_fingerprint(images)}"
    if not storage.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for outdated in folder.glob("images-*"):
            shutil.rmtree(outdated)
        unfinished = folder / "images-unfinished"
        unfinished.mkdir()
        _fill(unfinished, images)
        unfinished.rename(storage)
    return storage


def _local_images() -> dict[str, str]:
    """Official name → name on this machine, of everything that `make up` pulls."""
    services = compose.project(every_profile=True)["services"]
    images = {name: services[service]["image"] for service, name in compose.official_images().items()}
    python = official_python_image()
    return {**images, python: services["backend"]["build"]["args"]["PYTHON_IMAGE"]}


def _fingerprint(images: Mapping[str, str]) -> str:
    ids = {name: image_id(local) for name, local in images.items()}
    digest = hashlib.sha256(json.dumps(ids, sort_keys=True).encode())
    for file in (LOCK, *sorted(STAND_INS.glob("*/*"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _fill(storage: Path, images: Mapping[str, str]) -> None:
    python = official_python_image()
    with free_ports(1) as [port], registry(storage, port):
        for name, local in images.items():
            pushed = f"127.0.0.1:{port}/{name if '/' in name else f'library/{name}'}"
            if name == python:
                _build("python", pushed, base=local, context=ROOT)
            elif image_id(local) is None:
                # Only Grafana can be missing on a machine whose stack runs.
                assert local == compose.official_images()["grafana"], f"{local} is missing: `make up` provides it"
                _build("grafana", pushed, base=images[python], context=STAND_INS / "grafana")
            else:
                _docker("tag", local, pushed)
            _docker("push", "--quiet", pushed)
            _docker("image", "rm", pushed)


def _build(stand_in: str, image: str, *, base: str, context: Path) -> None:
    dockerfile = STAND_INS / stand_in / "Dockerfile"
    arguments = [f"BASE={base}", *(name for name in PROXY_VARIABLES if name in os.environ)]
    given = [f"--build-arg={argument}" for argument in arguments]
    _docker("build", f"--file={dockerfile}", *given, f"--tag={image}", str(context))


def _docker(*arguments: str) -> None:
    result = subprocess.run(
        ["docker", *arguments],
        env={**compose.environment(), "DOCKER_BUILDKIT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"docker {' '.join(arguments)}: {result.stdout}"

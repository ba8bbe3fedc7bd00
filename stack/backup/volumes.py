"""The project's volumes, and the containers of least power that read and fill them.

Each volume belongs to the user of one service. A helper container runs as that user: it needs no root, no capability,
no network, and sees nothing but the one volume. It is the application's image, for its sh, find, du and tar.
"""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from stack.docker import compose
from stack.docker.inspect import engine_answers, image_id
from stack.failure import StepError
from stack.lock import locked
from stack.paths import SCRATCH
from stack.process import last_lines, run

# The one-shot service that mounts the volumes of others only to hand them over.
HAND_OVER = "volumes"
# Sparse, because Badger's files are 2 GB long with almost nothing in them.
PACK = "tar --create --sparse --numeric-owner --directory /volume ."
# What is restored waits beside the old content until all volumes have arrived.
STAGING = "/volume/.restore"
UNPACK = f"rm -rf {STAGING}; mkdir {STAGING}; tar --extract --same-permissions --directory {STAGING}"
REPLACE = f"""\
find /volume -mindepth 1 -maxdepth 1 ! -path {STAGING} -exec rm -rf {{}} +
find {STAGING} -mindepth 1 -maxdepth 1 -exec mv --target-directory /volume {{}} +
chmod --reference {STAGING} /volume
rmdir {STAGING}"""


@dataclass(frozen=True)
class Volume:
    """A named volume of the project."""

    key: str
    """As docker-compose.yml calls it, e.g. `loki_data`."""
    name: str
    """As the engine calls it, e.g. `integr8scode_loki_data`."""
    service: str
    user: str
    """The service's `uid:gid`, which owns all of it."""

    def exists(self) -> bool:
        """Whether the engine has it."""
        return run(["docker", "volume", "inspect", self.name]).returncode == 0

    def holds_data(self) -> bool:
        """Whether any file is in it; empty folders come with the images."""
        return bool(self._ask("find /volume -type f -print -quit"))

    def used_bytes(self) -> int:
        """What it takes on disk, holes left out; its service may be writing meanwhile."""
        return int(self._ask("du --summarize --block-size=1 /volume 2>/dev/null | cut --fields=1"))

    def free_bytes(self) -> int:
        """How much more the disk under it takes."""
        return int(self._ask("df --output=avail --block-size=1 /volume | tail --lines=1"))

    @contextmanager
    def packed(self) -> Iterator[IO[bytes]]:
        """Its content as a tar, to be read while it is made.

        Raises:
            StepError: not all of it could be read.

        """
        # Into a file: a tar with a lot to say would wait for a reader that itself waits for the tar's end.
        with tempfile.TemporaryFile() as messages:
            with subprocess.Popen(
                self._helper(PACK, "ro"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages
            ) as tar:
                assert tar.stdout is not None  # noqa: S101 - told to mypy
                try:
                    yield tar.stdout
                except BaseException:
                    tar.kill()
                    raise
            if tar.returncode != 0:
                raise StepError(f"reading the volume {self.name}", _end_of(messages), _same_user(self))

    def stage(self, tar: Iterable[bytes]) -> None:
        """Unpack beside the present content, which stays as it is.

        Raises:
            StepError: not all of it could be written.

        """
        helper = self._helper(UNPACK, "rw", "--interactive")
        # Into a file: a tar with a lot to say would no longer read what is written to it.
        with tempfile.TemporaryFile() as messages:
            with subprocess.Popen(helper, stdin=subprocess.PIPE, stdout=messages, stderr=subprocess.STDOUT) as unpack:
                assert unpack.stdin is not None  # noqa: S101 - told to mypy
                try:
                    for block in tar:
                        unpack.stdin.write(block)
                    unpack.stdin.close()
                except BrokenPipeError:
                    pass  # tar ended before its input did; what it printed says why
                except BaseException:
                    unpack.kill()
                    raise
            if unpack.returncode != 0:
                raise StepError(f"writing the volume {self.name}", _end_of(messages), _same_user(self))

    def discard_staged(self) -> None:
        """Forget what was staged."""
        run(self._helper(f"rm -rf {STAGING}", "rw"))

    def replace_by_staged(self) -> None:
        """Let what was staged take the place of the present content: on one file system, a matter of renaming.

        Raises:
            StepError: the volume is neither the old nor the new one.

        """
        result = run(self._helper(REPLACE, "rw"))
        if result.returncode != 0:
            raise StepError(
                f"replacing the content of the volume {self.name}",
                f"{last_lines(result.stdout, 5)}\nIts content is incomplete now.",
                "Mend that, then the same restore again with FORCE=1, before anything is started.",
            )

    def _ask(self, script: str) -> str:
        result = run(self._helper(script, "ro"), timeout=300)
        if result.returncode != 0:
            raise StepError(f"looking into the volume {self.name}", last_lines(result.stdout, 5), _same_user(self))
        return result.stdout.strip()

    def _helper(self, script: str, access: str, *options: str) -> list[str]:
        confinement = ("--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
        # Without `none` the engine would keep a copy of the whole tar as the container's log.
        quiet = ("--log-driver=none", "--pull=never")
        mount = f"--volume={self.name}:/volume:{access},nocopy"
        run_helper = ("docker", "run", "--rm", *options, *confinement, *quiet, f"--user={self.user}", mount)
        return [*run_helper, "--entrypoint=sh", compose.APPLICATION_IMAGE, "-euc", script]


def of_project(project: dict[str, Any]) -> list[Volume]:
    """Every volume that a service of `project` (as Compose resolves it) stores something in."""
    return [
        Volume(mount["source"], project["volumes"][mount["source"]]["name"], name, service["user"])
        for name, service in project["services"].items()
        if name != HAND_OVER
        for mount in service.get("volumes", [])
        if mount["type"] == "volume"
    ]


def ensure_reachable() -> None:
    """Check that helper containers can be run.

    Raises:
        StepError: there is no engine, or no image for them.

    """
    if not engine_answers():
        raise StepError("Docker Engine", "none answers", "Start it (`systemctl start docker`), or `make up`.")
    if image_id(compose.APPLICATION_IMAGE) is None:
        raise StepError(
            "looking for the helper image",
            f"{compose.APPLICATION_IMAGE} is not on this machine",
            "`make up` brings it; then again (a restore needs FORCE=1 then).",
        )


@contextmanager
def exclusively(project: str) -> Iterator[None]:
    """Keep a second backup or restore of the project out.

    Raises:
        StepError: one is running.

    """

    def refuse() -> None:
        raise StepError("backup", f"another backup or restore of {project} is running", "Wait for it.")

    SCRATCH.mkdir(exist_ok=True)
    with locked(SCRATCH / f"backup-{project}.lock", refuse):
        yield


def _end_of(messages: IO[bytes]) -> str:
    messages.seek(0)
    return last_lines(messages.read().decode(errors="replace"), 5)


def _same_user(volume: Volume) -> str:
    return (
        f"All of it has to belong to {volume.user}, the user of {volume.service}, on a sound disk with free space. To "
        f"see it: docker run --rm -v {volume.name}:/v {compose.APPLICATION_IMAGE} ls -lnR /v"
    )

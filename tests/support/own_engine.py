"""A Docker Engine of its own in a network namespace: its own loopback, its own images, no route to the outside.

Whoever is `inside` it reaches what its containers publish on 127.0.0.1, and nothing else of this machine. Needs root.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import pytest

from stack.docker import compose
from stack.docker.endpoints import endpoints
from stack.process import last_lines, run
from tests.support.one_run import only_run_with

START_SECONDS: Final = 60.0
NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET of sched.h
# Whatever a developer's shell says of images, ports and projects is about another engine.
FOREIGN: Final = ("COMPOSE_", "DOCKER_", "STACK_", "GRAFANA_")
CONTAINERD_CONFIG: Final = """\
version = 2
root = "{folder}/containerd"
state = "{folder}/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{folder}/containerd.sock"
"""


class OwnEngine:
    """An engine named `name` that keeps everything in `folder`; `options` are further ones of dockerd.

    containerd is a process beside it, as where systemd starts both: it and the containers outlive a dockerd that dies.
    """

    def __init__(self, name: str, folder: Path, *options: str) -> None:
        self.name = name
        self.folder = folder
        self.host = f"unix://{folder}/docker.sock"
        self._options = options
        # No credentials of anybody's, and Compose as the plugin that it is on a user's machine.
        self.give_client("docker-compose", Path(sys.executable).parent / "docker-compose")
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start whichever of its two processes does not run, and wait until the engine answers."""
        config = self.folder / "containerd.toml"
        config.write_text(CONTAINERD_CONFIG.format(folder=self.folder))
        containerd = ("containerd", f"--config={config}")
        dockerd = (
            "dockerd",
            f"--host={self.host}",
            f"--containerd={self.folder}/containerd.sock",
            f"--data-root={self.folder}/data",
            f"--exec-root={self.folder}/run/docker",
            f"--pidfile={self.folder}/docker.pid",
            f"--cgroup-parent=/{self.name}",
            # With systemd's, the parent would have to be one of its slices.
            "--exec-opt=native.cgroupdriver=cgroupfs",
            # Its own configuration only: the machine's may name mirrors, folders and hosts of another engine.
            f"--config-file={self._written('daemon.json', '{}')}",
            *self._options,
        )
        with self.inside(), (self.folder / "log").open("ab") as log:
            for program, *arguments in (containerd, dockerd):
                if program not in self._daemons:
                    self._daemons[program] = _daemon([program, *arguments], log)
                    self._wait_for(program)

    def kill(self, *programs: str) -> None:
        """Kill -9 what runs of `dockerd` and `containerd`."""
        for program in programs:
            if daemon := self._daemons.pop(program, None):
                daemon.kill()
                daemon.wait()

    def kill_everything(self) -> None:
        """Kill -9 the engine, containerd, their helpers and every process of every container, as a power cut does."""
        self.kill("dockerd", "containerd")
        while remaining := self._processes():
            for pid in remaining:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """End it at once, and remove everything that it kept."""
        self.kill_everything()
        mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed([mount for mount in mounted if mount.startswith(f"{self.folder}/")]):
            run(["umount", "--lazy", mount])
        run(["ip", "netns", "delete", self.name])
        for group in sorted(Path("/sys/fs/cgroup").glob(f"**/{self.name}/**/"), reverse=True):
            with suppress(OSError):
                group.rmdir()
        shutil.rmtree(self.folder)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread, and the threads and programs that it starts, be in its namespace and talk to it."""
        with (
            Path("/proc/thread-self/ns/net").open() as outside,
            Path(f"/var/run/netns/{self.name}").open() as namespace,
            pytest.MonkeyPatch.context() as environment,
        ):
            for variable in [name for name in os.environ if name.startswith(FOREIGN)]:
                environment.delenv(variable)
            environment.setenv("DOCKER_HOST", self.host)
            environment.setenv("DOCKER_CONFIG", str(self.folder / "client"))
            self._forget_other_engines()
            _enter(namespace)
            try:
                yield
            finally:
                _enter(outside)
                self._forget_other_engines()

    def load(self, images: Sequence[str]) -> None:
        """Take over images of the engine that DOCKER_HOST names, this machine's by default."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            loaded = ["docker", f"--host={self.host}", "load", "--quiet"]
            subprocess.run(loaded, stdin=saved.stdout, stdout=subprocess.DEVNULL, check=True)
        assert saved.returncode == 0, f"docker save {' '.join(images)}"

    def give_client(self, plugin: str, program: Path) -> None:
        """Let `docker` have the plugin `program` under the name `plugin`."""
        plugins = self.folder / "client" / "cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        (plugins / plugin).symlink_to(program)

    def _written(self, name: str, content: str) -> Path:
        file = self.folder / name
        file.write_text(content)
        return file

    def _forget_other_engines(self) -> None:
        compose.command.cache_clear()
        endpoints.cache_clear()

    def _wait_for(self, program: str) -> None:
        """Return once the daemon answers."""
        question = {
            "containerd": ["ctr", f"--address={self.folder}/containerd.sock", "version"],
            "dockerd": ["docker", "version"],
        }[program]
        deadline = time.monotonic() + START_SECONDS
        while run(question, timeout=20).returncode != 0:
            assert time.monotonic() < deadline, last_lines((self.folder / "log").read_text())
            assert self._daemons[program].poll() is None, last_lines((self.folder / "log").read_text())
            time.sleep(0.1)

    def _processes(self) -> list[int]:
        """Whatever is in the namespace (the engine, its proxies, shims), and what these have started."""
        everybody = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        found = [pid for pid in everybody if pid != os.getpid() and self._is_home_of(pid)]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with suppress(OSError):
                    found += [int(child) for child in children.read_text().split() if int(child) not in found]
        return found

    def _is_home_of(self, pid: int) -> bool:
        with suppress(OSError):
            return Path(f"/proc/{pid}/ns/net").samefile(f"/var/run/netns/{self.name}")
        return False


@contextmanager
def own_engine(name: str, *options: str) -> Iterator[OwnEngine]:
    """A fresh engine until the end; nothing of it remains."""
    if os.geteuid() != 0:
        pytest.fail("an engine of its own needs a network namespace: run it as root", pytrace=False)
    with only_run_with(name):
        # Not a test's own folder: with its long name the paths of sockets would not fit into 108 characters.
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        run(["ip", "netns", "add", name])
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        engine = OwnEngine(name, folder, *options)
        try:
            engine.start()
            yield engine
        finally:
            engine.remove()


def _daemon(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def _enter(namespace: IO[str]) -> None:
    """Move this thread; os.setns is only in Python 3.12 and newer."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")

"""Programs that these tests need and no package of the machine has to bring: compiled from their Go modules once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stack.build.go_build import GoModule
from stack.build.steps import Steps
from stack.paths import SCRATCH


@dataclass(frozen=True)
class Program:
    """A release of a program, kept under its version."""

    name: str
    version: str
    module: GoModule

    def path(self) -> Path:
        """The binary; compiling it takes a minute or two, once.

        Raises:
            StepError: a download or the compiler failed.
        """
        scratch = SCRATCH / self.name / self.version
        binary = scratch / Path(self.module.package).name
        if not binary.exists():
            scratch.mkdir(parents=True, exist_ok=True)
            self.module.build(Steps(self.name, print), self.version, scratch)
        return binary


# What GitHub would say of a workflow before it runs it. MIT.
ACTIONLINT: Final = Program(
    "actionlint",
    "1.7.12",
    GoModule(
        path="github.com/rhysd/actionlint",
        package="./cmd/actionlint",
        version_variable="github.com/rhysd/actionlint.version",
    ),
)
# The CNCF's registry, and what `docker` builds with where BuildKit is used. Both Apache-2.0.
REGISTRY: Final = Program(
    "registry",
    "3.1.2",
    GoModule(
        path="github.com/distribution/distribution/v3",
        package="./cmd/registry",
        version_variable="github.com/distribution/distribution/v3/version.version",
    ),
)
BUILDX: Final = Program(
    "buildx",
    "v0.29.1",
    GoModule(
        path="github.com/docker/buildx",
        package="./cmd/buildx",
        version_variable="github.com/docker/buildx/version.Version",
    ),
)

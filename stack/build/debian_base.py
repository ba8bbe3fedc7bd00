"""A Debian root file system out of the package archive, for images where no registry gives a base."""

import hashlib
import os
import shutil
import ssl
import tempfile
from pathlib import Path

from stack.build.steps import Steps, build_failure

# busybox: shell and wget, statically linked, for images that hold nothing else.
PACKAGES = ("ca-certificates", "busybox-static")
# Where distributions keep the bundle of trusted authorities; OpenSSL's own idea is asked first.
CA_BUNDLES = (
    ssl.get_default_verify_paths().cafile,
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
)
# Package lists, documentation and devices have no use in an image. Copyright notices stay.
LEFT_OUT = (
    "./dev/*",
    "./var/cache/apt/*",
    "./var/lib/apt/lists/*",
    "./var/log/*",
    "./usr/share/doc/*/*.gz",
    "./usr/share/info/*",
    "./usr/share/locale/*",
    "./usr/share/man/*",
)
# The archive's security updates are a sibling of the main archive, on any mirror with the usual layout.
UPDATE = r"""
set -e
sed -n 's|^deb \([^ ]*\) \([^ ]*\) \(.*\)|deb \1-security \2-security \3|p' /etc/apt/sources.list > /tmp/security
cat /tmp/security >> /etc/apt/sources.list
rm /tmp/security
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get --yes upgrade
"""


def mirror() -> str:
    """The archive to install from, as `DEBIAN_MIRROR` names it; empty for Debian's own."""
    return os.environ.get("DEBIAN_MIRROR", "")


def host_ca_bundle() -> Path:
    """The host's bundle of trusted authorities, private ones included.

    Raises:
        StepError: the host has none.
    """
    named = os.environ.get("SSL_CERT_FILE")
    for candidate in (named, *CA_BUNDLES):
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    raise build_failure(
        "debian",
        "looking for trusted authorities",
        f"none of {', '.join(filter(None, (named, *CA_BUNDLES)))} is a file",
        "Install the package ca-certificates, or name a bundle in SSL_CERT_FILE, then `make up`.",
    )


def build_rootfs(steps: Steps, suite: str, scratch: Path) -> Path:
    """Install the Debian release `suite` with its security updates into a tar file of `scratch`, once.

    Raises:
        StepError: debootstrap is missing and can't be installed, or failed.
    """
    arguments = ["--variant=minbase", f"--include={','.join(PACKAGES)}", suite]
    key = hashlib.sha256(" ".join([*arguments, mirror()]).encode()).hexdigest()[:12]
    archive = scratch / f"rootfs-{key}.tar"
    if archive.exists():
        return archive
    _ensure_debootstrap(steps)
    for leftover in scratch.glob("rootfs.*"):
        shutil.rmtree(leftover)
    root = tempfile.mkdtemp(prefix="rootfs.", dir=scratch)
    Path(root).chmod(0o755)
    # A mount namespace of its own: whatever debootstrap mounts is gone with it, also after a kill.
    apart = ["unshare", "--mount"]
    install = [*apart, "debootstrap", *arguments, root, *filter(None, [mirror()])]
    steps.run(f"installing Debian {suite} from its archive", install)
    steps.run("installing security updates", [*apart, "chroot", root, "sh", "-c", UPDATE])
    unfinished = archive.with_suffix(".part")
    exclude = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    pack = ["tar", "--create", f"--file={unfinished}", "--numeric-owner", *exclude, f"--directory={root}", "."]
    steps.run("packing", pack)
    unfinished.rename(archive)
    shutil.rmtree(root)
    return archive


def _ensure_debootstrap(steps: Steps) -> None:
    if os.geteuid() != 0:
        raise build_failure(
            steps.component,
            "installing Debian from its archive",
            "debootstrap needs root to give files their owners",
            "Run `sudo make up` this once, or load python, redis and the other images from a machine with a registry.",
        )
    if shutil.which("debootstrap") is None:
        raise build_failure(
            steps.component,
            "looking for debootstrap",
            "it is not installed",
            "Install debootstrap with your distribution's package manager, then `make up`.",
        )

"""A tar that has a lot to say, as it has of clocks that differ, is neither waited for nor waits itself."""

import io
import tarfile
import time
from collections.abc import Iterator

import pytest

from stack.backup.volumes import Volume
from stack.docker import compose
from stack.failure import StepError
from stack.process import run

# One message each, of about 100 bytes: a pipe holds 64 KiB.
FILES = 5_000
NAME = "integr8scode-talkative"


@pytest.fixture
def volume() -> Iterator[Volume]:
    assert run(["docker", "volume", "create", NAME]).returncode == 0
    # What the image has there belongs to 10001, and so does a new volume that is mounted on it.
    hand_over = ["docker", "run", "--rm", f"--volume={NAME}:/volumes/jaeger", compose.APPLICATION_IMAGE, "true"]
    assert run(hand_over).returncode == 0
    yield Volume("talkative", NAME, "jaeger", "10001:10001")
    assert run(["docker", "volume", "rm", NAME]).returncode == 0


def from_tomorrow() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for number in range(FILES):
            file = tarfile.TarInfo(f"file-{number}")
            file.mtime = time.time() + 86_400
            file.size = 1024
            tar.addfile(file, io.BytesIO(bytes(1024)))
    return packed.getvalue()


def test_files_from_the_future_are_restored(volume: Volume) -> None:
    content = from_tomorrow()

    volume.stage(content[at : at + 65_536] for at in range(0, len(content), 65_536))
    volume.replace_by_staged()

    assert volume.used_bytes() >= FILES * 1024


def test_a_volume_whose_files_can_not_be_read_is_told(volume: Volume) -> None:
    unreadable = f"for i in $(seq {FILES}); do : > /volume/file-$i; done; chmod 000 /volume/file-*"
    assert run(volume._helper(unreadable, "rw")).returncode == 0

    with pytest.raises(StepError) as failure:
        read_whole(volume)

    assert "Permission denied" in failure.value.why


def read_whole(volume: Volume) -> None:
    with volume.packed() as tar:
        while tar.read(65_536):
            pass

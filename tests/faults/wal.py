"""Loki's write-ahead log: its files, and how to damage them where nobody notices until a replay decodes them.

Its files are those of Prometheus: pages of 32 KiB with parts of records, each behind its type, length and checksum.
"""

import functools
import struct
from pathlib import Path

from tests.support.eventually import eventually

PAGE = 32 * 1024
HEADER = struct.Struct(">BHI")
# The low bits of a type say whether it is a whole record, the first part or the last; the others how it is compressed.
KIND = 0b111
PADDING = 0
CASTAGNOLI = 0x82F63B78
# A start of Loki and two rounds of checkpoint_duration (loki/loki-config.yaml), with room for a busy machine.
REPLACED_WITHIN_SECONDS = 20


def segments(log: Path) -> set[Path]:
    """The files of the write-ahead log; none while the volume is not mounted. Checkpoints are folders beside them."""
    return {path for path in log.glob("*") if path.name.isdigit()}


def wait_until_replaced(log: Path, old: set[Path]) -> None:
    """Wait until checkpoints have replaced the files `old`: a replay ends at half a record in one of them."""
    eventually(
        lambda: segments(log) - old and not segments(log) & old,
        sent=f"a kill with {sorted(file.name for file in old)} in the log",
        components=("loki",),
        within=REPLACED_WITHIN_SECONDS,
    )


def damage(log: Path) -> None:
    """Replace every record of every segment and checkpoint by zeros, under a checksum that is right.

    At a wrong one Loki ends the replay without counting anything.
    """
    for file in log.rglob("*"):
        if file.is_file():
            file.write_bytes(_zeroed(bytearray(file.read_bytes())))


def _zeroed(content: bytearray) -> bytes:
    for page in range(0, len(content), PAGE):
        at = page
        while at + HEADER.size <= min(page + PAGE, len(content)):
            kind, length, _ = HEADER.unpack_from(content, at)
            if kind & KIND == PADDING:
                break
            HEADER.pack_into(content, at, kind & KIND, length, _checksum_of_zeros(length))
            at += HEADER.size
            content[at : at + length] = bytes(length)
            at += length
    return bytes(content)


@functools.cache
def _checksum_of_zeros(length: int) -> int:
    checksum = 0xFFFFFFFF
    for _ in range(8 * length):
        checksum = (checksum >> 1) ^ (CASTAGNOLI if checksum & 1 else 0)
    return checksum ^ 0xFFFFFFFF

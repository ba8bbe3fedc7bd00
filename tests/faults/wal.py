"""Loki's write-ahead log, damaged where nobody notices until a replay decodes it.

Its files are those of Prometheus: pages of 32 KiB with parts of records, each behind its type, length and checksum.
"""

import functools
import struct
from pathlib import Path

PAGE = 32 * 1024
HEADER = struct.Struct(">BHI")
# The low bits of a type say whether it is a whole record, the first part or the last; the others how it is compressed.
KIND = 0b111
PADDING = 0
CASTAGNOLI = 0x82F63B78


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

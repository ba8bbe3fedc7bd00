"""Log records that wait for the Collector, bounded in number and in bytes."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

# What Python needs for a record besides its bytes: tuple, bytes header, deque slot, allocator rounding.
OVERHEAD = 128


@dataclass(frozen=True)
class Limits:
    """How much may wait.

    32,768 records are 160 s at 200 records/s; 20 MiB of bytes (overhead included) leave room below 32 MiB for
    the batch in flight and its copies in protobuf and gRPC.
    """

    records: int = 32_768
    bytes: int = 20 * 1024 * 1024


class BoundedQueue:
    """First in, first out, from one producer at a time to one consumer, without locks.

    Each counter is written by one side only, so that a log call can't wait for the consumer, and one in a signal
    handler can't deadlock with the call that it interrupted. When full, the newest record is refused: the
    beginning of an incident is worth more than its repetition.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._items: deque[tuple[str, bytes]] = deque()
        self._bytes_put = 0
        self._bytes_taken = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def size(self) -> int:
        """Bytes that wait, each record's overhead included."""
        return self._bytes_put - self._bytes_taken

    def has_room_for(self, size: int) -> bool:
        """Tell whether a record of `size` bytes would be taken."""
        limits = self.limits
        waiting = self._bytes_put - self._bytes_taken
        return len(self._items) < limits.records and waiting + size + OVERHEAD <= limits.bytes

    def put(self, scope: str, record: bytes) -> None:
        """Append `record`; the caller has asked `has_room_for`."""
        self._items.append((scope, record))
        self._bytes_put += len(record) + OVERHEAD

    def take(self, max_records: int, max_bytes: int) -> Iterator[tuple[str, bytes]]:
        """Remove and yield the oldest records, at least one, up to either limit."""
        size = 0
        for _ in range(max_records):
            if not self._items or (size and size + len(self._items[0][1]) > max_bytes):
                return
            scope, record = self._items.popleft()
            size += len(record)
            self._bytes_taken += len(record) + OVERHEAD
            yield scope, record

    def clear(self) -> None:
        """Forget everything, as a forked child must: the parent delivers it."""
        self._items.clear()
        self._bytes_taken = self._bytes_put

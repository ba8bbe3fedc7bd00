"""What was written against what is stored: as multisets, in a temporary file instead of in memory."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from types import TracebackType

from stack.audit.container_logs import WrittenLine
from stack.failure import StepError
from stack.stores.loki import Line

# Beyond this the engine keeps a line in pieces and garbles a character that it cuts in two, and what is too long
# for Loki is cut on the way.
_WHOLE_BYTES = 16 * 1024
# What a line that was cut still begins with: time, level, logger (app/core/json_line.py).
_HEAD_BYTES = 64
_CUT_MARK = b'"truncated_bytes":'

_SCHEMA = """
PRAGMA cache_size = -8192;  -- KiB
CREATE TABLE written (
    number INTEGER PRIMARY KEY, identity BLOB, source INTEGER, at INTEGER, observed INTEGER, json INTEGER, body BLOB
);
CREATE TABLE stored (identity BLOB);
-- The same identity can stand for several lines: the same text within the same microsecond.
CREATE TABLE tally (identity BLOB PRIMARY KEY, written INTEGER, stored INTEGER) WITHOUT ROWID;
"""
_TALLY = """
INSERT INTO tally
SELECT identity, sum(written), sum(stored)
FROM (SELECT identity, 1 AS written, 0 AS stored FROM written UNION ALL SELECT identity, 0, 1 FROM stored)
GROUP BY identity
"""
_COUNTS = """
SELECT
    coalesce(sum(written), 0), coalesce(sum(stored), 0), coalesce(sum(max(written - stored, 0)), 0),
    coalesce(sum(max(stored - written, 0)) FILTER (WHERE written > 0), 0),
    coalesce(sum(stored) FILTER (WHERE written = 0), 0)
FROM tally
"""
# Of lines with one identity the last ones count as missing: which, makes no difference.
_MISSING = """
CREATE TABLE missing AS
SELECT number FROM (
    SELECT number, stored, row_number() OVER (PARTITION BY identity ORDER BY number) AS copy
    FROM written JOIN (SELECT identity, stored FROM tally WHERE written > stored) USING (identity)
) WHERE copy > stored ORDER BY number
"""


@dataclass(frozen=True)
class Counts:
    """How many lines; `duplicated` are the copies beyond those written, `only_stored` are on no container log."""

    written: int
    not_json: int
    stored: int
    missing: int
    duplicated: int
    only_stored: int


class Comparison:
    """Takes both sides in any order and any number of parts; then `counts` and `missing` say how they differ.

    For a `with` block, which ends with `StepError` when the disk is full.
    """

    def __init__(self) -> None:
        # An empty name is a file that SQLite deletes when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> "Comparison":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()
        if isinstance(error, sqlite3.Error):
            raise StepError(
                "comparing in a temporary file",
                str(error),
                "It takes as much disk as the container logs: free some, or name another folder in SQLITE_TMPDIR.",
            ) from error

    def add_written(self, lines: Iterable[WrittenLine], source: int = 0) -> None:
        """Add lines of a container log; `missing` gives the number of their `source` back."""
        rows = (
            (identity(line.at_ns, line.body), source, line.at_ns, line.observed_ns, line.is_json, line.body)
            for line in lines
        )
        self._insert("INSERT INTO written (identity, source, at, observed, json, body) VALUES (?, ?, ?, ?, ?, ?)", rows)

    def add_stored(self, lines: Iterable[Line]) -> None:
        """Add lines of Loki."""
        self._insert(
            "INSERT INTO stored VALUES (?)", ((identity(line.timestamp_ns, line.body.encode()),) for line in lines)
        )

    def counts(self) -> Counts:
        """Compare; once, when both sides are complete."""
        self._database.execute(_TALLY)
        self._database.execute(_MISSING)
        written, stored, missing, duplicated, only_stored = self._database.execute(_COUNTS).fetchone()
        (not_json,) = self._database.execute("SELECT count(*) FROM written WHERE NOT json").fetchone()
        return Counts(written, not_json, stored, missing, duplicated, only_stored)

    def missing(self) -> Iterator[tuple[int, WrittenLine]]:
        """The missing lines with their source, in the order in which they were added; after `counts`."""
        rows = self._database.execute(
            "SELECT source, at, observed, body, json FROM missing JOIN written USING (number) ORDER BY missing.rowid"
        )
        for source, at_ns, observed_ns, body, is_json in rows:
            yield source, WrittenLine(at_ns, observed_ns, body, bool(is_json))

    def missing_between(self) -> tuple[int, int] | None:
        """The times of the first and the last missing line; after `counts`."""
        first, last = self._database.execute(
            "SELECT min(at), max(at) FROM missing JOIN written USING (number)"
        ).fetchone()
        return None if first is None else (first, last)

    def _insert(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")


def identity(at_ns: int, body: bytes) -> bytes:
    """What a line is recognised by on both sides: its time and its text, or the text's head if it may have been cut."""
    if len(body) > _WHOLE_BYTES or _CUT_MARK in body:
        body = body[:_HEAD_BYTES]
    return blake2b(body, digest_size=16, salt=at_ns.to_bytes(16, signed=True)).digest()

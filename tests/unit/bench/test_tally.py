"""Lines are counted by their numbers: what is missing and what is there twice."""

from typing import Any

import pytest

from bench.load.tally import BLOCK, SECOND_NS, tally
from stack.stores.loki import Loki

AT_SECOND = 1_000


def counted(monkeypatch: pytest.MonkeyPatch, blocks: dict[int, int], sent: int) -> tuple[int, int, int]:
    """Stored, lost and doubled lines, with a Loki whose lines all have the same second."""

    def query_range(_loki: Loki, _logql: str, _start_ns: int, end_ns: int, **_: object) -> list[dict[str, Any]]:
        if not AT_SECOND <= end_ns // SECOND_NS < AT_SECOND + 2:
            return []
        return [{"metric": {"block": str(block)}, "values": [[0, str(lines)]]} for block, lines in blocks.items()]

    monkeypatch.setattr(Loki, "query_range", query_range)
    start_ns, end_ns = (AT_SECOND - 1) * SECOND_NS, (AT_SECOND + 10) * SECOND_NS
    found = tally(Loki("http://nowhere.invalid"), "{}", sent, start_ns, end_ns)
    return found.stored, found.lost, found.doubled


def test_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(monkeypatch, {0: BLOCK, 1: 500}, BLOCK + 500) == (BLOCK + 500, 0, 0)


def test_a_block_that_is_missing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(monkeypatch, {1: 500}, BLOCK + 500) == (500, BLOCK, 0)


def test_loss_in_one_block_and_doubling_in_another_do_not_hide_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(monkeypatch, {0: BLOCK - 7, 1: 507}, BLOCK + 500) == (BLOCK + 500, 7, 7)

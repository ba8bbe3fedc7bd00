"""Redis's metrics: one question a collection, and no numbers while there is no answer."""

from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.metrics import CallbackOptions
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.events.redis_metrics import _Info

NOW = CallbackOptions()


@pytest.fixture
def nobody_there() -> Redis:
    """A client of a port on which nothing listens."""
    return Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))


def test_asks_once_for_all_instruments() -> None:
    asked = 0

    def ask() -> Mapping[str, Any]:
        nonlocal asked
        asked += 1
        return {"used_memory": 42, "evicted_keys": 0}

    info = _Info(ask)
    assert [seen.value for seen in info.is_up(NOW)] == [1]
    assert [seen.value for seen in info.reader("used_memory")(NOW)] == [42]
    assert [seen.value for seen in info.reader("evicted_keys")(NOW)] == [0]
    assert asked == 1


def test_says_that_redis_is_away_and_makes_no_numbers_up(nobody_there: Redis) -> None:
    info = _Info(nobody_there.info)
    assert [seen.value for seen in info.is_up(NOW)] == [0]
    assert list(info.reader("used_memory")(NOW)) == []


def test_leaves_out_what_this_redis_does_not_tell() -> None:
    assert list(_Info(lambda: {"used_memory": 42}).reader("evicted_keys")(NOW)) == []

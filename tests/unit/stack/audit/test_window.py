"""Points in time as people type them."""

import pytest

from stack.time_range import Window, parse_time, rfc3339

NOW_NS = 1_795_348_800_000_000_000  # 2026-11-22T12:00:00Z


@pytest.mark.parametrize(
    ("text", "seconds_ago"),
    [
        ("0s", 0),
        ("90s", 90),
        ("15m", 900),
        ("2h30m", 9000),
        ("7d", 7 * 86400),
        ("2026-11-22T11:59:00Z", 60),
        ("2026-11-22T12:59:00+01:00", 60),
        ("2026-11-22T12:00:00Z", 0),
    ],
)
def test_durations_and_times_are_read(text: str, seconds_ago: int) -> None:
    assert parse_time(text, NOW_NS) == NOW_NS - seconds_ago * 10**9


@pytest.mark.parametrize(
    "text",
    ["", "h", "-1h", "1.5h", "1 h", "yesterday", "2026-13-01T00:00:00Z", "2026-11-22T11:00:00", "9" * 5000 + "s"],
)
def test_what_can_not_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"is neither a duration .* nor an RFC 3339 time") as refused:
        parse_time(text, NOW_NS)
    assert repr(text) in str(refused.value)


def test_the_future_has_no_lines() -> None:
    with pytest.raises(ValueError, match="in the future"):
        parse_time("2026-11-22T12:00:01Z", NOW_NS)


def test_a_window_has_its_start_and_not_its_end() -> None:
    window = Window(10, 20)
    assert [at_ns for at_ns in (9, 10, 19, 20) if at_ns in window] == [10, 19]


def test_nanoseconds_are_kept() -> None:
    assert rfc3339(NOW_NS + 7) == "2026-11-22T12:00:00.000000007Z"

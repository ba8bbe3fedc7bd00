"""What the engine does to lines, undone."""

import pytest

from stack.audit.container_logs import WrittenLine, parse

STAMP = b"2026-11-22T12:00:00.000000007Z "
LATER = b"2026-11-22T12:00:09.000000009Z "
AT_NS = 1_795_348_800_000_000_000
JSON = b'{"timestamp":"2026-11-22T11:59:59.000001Z","event":"e"}'
JSON_AT_NS = AT_NS - 10**9 + 1000


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        pytest.param(STAMP + JSON, [WrittenLine(JSON_AT_NS, AT_NS + 7, JSON, is_json=True)], id="json: its own time"),
        pytest.param(STAMP + b"text", [WrittenLine(AT_NS + 7, AT_NS + 7, b"text", is_json=False)], id="text: engine's"),
        pytest.param(
            STAMP + JSON[:30] + STAMP + JSON[30:],
            [WrittenLine(JSON_AT_NS, AT_NS + 7, JSON, is_json=True)],
            id="pieces with one stamp are one line",
        ),
        pytest.param(
            STAMP + JSON[:30] + LATER + JSON,
            [
                WrittenLine(AT_NS + 7, AT_NS + 7, JSON[:30], is_json=False),
                WrittenLine(JSON_AT_NS, AT_NS + 9 * 10**9 + 9, JSON, is_json=True),
            ],
            id="a line without an end, then the next process's first",
        ),
        pytest.param(
            STAMP + JSON.replace(b'"e"', b'"' + LATER + b'quoted"'),
            [WrittenLine(JSON_AT_NS, AT_NS + 7, JSON.replace(b'"e"', b'"' + LATER + b'quoted"'), is_json=True)],
            id="a stamp that a line quotes",
        ),
    ],
)
def test_lines_are_as_they_were_written(raw: bytes, lines: list[WrittenLine]) -> None:
    assert list(parse(raw)) == lines


@pytest.mark.parametrize(
    "body", [b'{"event":"no time"}', b'{"timestamp":1}', b'{"timestamp":"yesterday"}', b"{", b"[]", b"", b"\xff"]
)
def test_what_has_no_time_of_its_own_gets_the_engines(body: bytes) -> None:
    assert list(parse(STAMP + body)) == [WrittenLine(AT_NS + 7, AT_NS + 7, body, is_json=False)]

"""Secrets stay out of events, whatever they are hidden in; what is no secret stays readable."""

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.plain import Plain
from app.core.redaction import MASK, Redactor
from app.core.secret_names import SecretNames
from app.core.secret_text import MOST_FINDINGS, Rule, SecretFinder
from tests.unit.core.redaction_cases import GOES, STAYS

redactor = Redactor()


def clean(**fields: object) -> dict[str, Any]:
    return dict(redactor.clean_event(dict(fields)))


@pytest.mark.parametrize(("text", "secret"), GOES.values(), ids=GOES.keys())
def test_secret_goes(text: str, secret: str) -> None:
    assert secret in text
    cleaned = redactor.clean_text(text)
    assert secret not in cleaned
    assert MASK in cleaned
    assert clean(event=text)["event"] == cleaned


@pytest.mark.parametrize("text", STAYS)
def test_harmless_text_stays(text: str) -> None:
    assert redactor.clean_text(text) == text


@pytest.mark.parametrize("text", [text for text, _ in GOES.values()])
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = redactor.clean_text(text)
    assert redactor.clean_text(once) == once


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("login password=hunter2 user=bob", f"login password={MASK} user=bob"),
        ('{"api_key": "hunter2", "n": 1}', f'{{"api_key": "{MASK}", "n": 1}}'),
        ("GET /login?token=hunter2&page=1", f"GET /login?token={MASK}&page=1"),
        ("redis://:hunter2@redis:6379/0", f"redis://{MASK}@redis:6379/0"),
        ("Foo(Bar(password=hunter2), user='bob')", f"Foo(Bar(password={MASK}), user='bob')"),
        ("mail to bob@example.com bounced", f"mail to {MASK}@example.com bounced"),
        ("Authorization: Bearer hunter2\nHost: x", f"Authorization: {MASK}\nHost: x"),
    ],
)
def test_only_the_secret_goes(text: str, cleaned: str) -> None:
    assert redactor.clean_text(text) == cleaned


@pytest.mark.parametrize(
    "name",
    [
        *("password", "Password", "db_password", "DBPassword", "dbPassword", "user-pass", "pwd", "passphrase"),
        *("token", "access_token", "accessToken", "X-Auth-Token", "csrftoken", "id_token", "refreshTokens"),
        *("secret", "client_secret", "secrets", "api_key", "apikey", "API-Key", "x-api-key", "private_key"),
        *("aws_secret_access_key", "authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "credentials"),
        *("session_id", "PHPSESSID", "otp", "pin", "cvv", "ssn", "jwt", "password_hash", "old_password", "password2"),
    ],
)
def test_name_of_a_secret(name: str) -> None:
    assert SecretNames().is_secret(name)
    assert clean(**{name: "hunter2"}) == {name: MASK}


@pytest.mark.parametrize(
    "name",
    [
        *("monkey", "key", "cache_key", "primary_key", "public_key", "keyboard", "token_type", "max_tokens"),
        *("token_count", "password_changed_at", "secretary", "author", "compass", "passenger", "pinned", "signal"),
        *("cookie_consent", "execution_id", "trace_id", "session_length", "opinion", "design", "", "123", "名前"),
    ],
)
def test_name_of_something_else(name: str) -> None:
    assert not SecretNames().is_secret(name)


@pytest.mark.parametrize(
    "value",
    [
        {"user": {"profile": {"password": "hunter2"}}},
        [{"token": "hunter2"}],
        ({"headers": [("authorization", "hunter2")]},),
        [[b"cookie", b"hunter2"]],
        {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
        {b"password": b"hunter2"},
        {"credentials": {"user": "hunter2"}},
        {"body": '{"password": "hunter2"}'},
        ValueError("password=hunter2"),
        type("Login", (), {"__repr__": lambda _: "Login(password='hunter2')"})(),
    ],
)
def test_secret_goes_from_nested_data(value: object) -> None:
    assert "hunter2" not in json.dumps(clean(value=value))


def test_a_text_of_too_many_secrets_goes_from_there_to_its_end() -> None:
    readable = "pin=4711 " * (MOST_FINDINGS - 1)
    assert redactor.clean_text(f"{readable}the end") == f"pin={MASK} " * (MOST_FINDINGS - 1) + "the end"
    assert redactor.clean_text(f"{readable}pin=4711 pin=4711 the end").endswith(f"pin={MASK} pin={MASK}")


def test_too_many_harmless_phrases_go_as_well() -> None:
    assert redactor.clean_text("basic education " * MOST_FINDINGS + "Basic aHVudGVyMg==").endswith(f"basic {MASK}")


def test_an_empty_secret_is_told_from_a_set_one() -> None:
    assert clean(nested={"password": None, "has_token": True}, token=None) == {
        "nested": {"password": None, "has_token": True},
        "token": None,
    }


def test_a_project_adds_names_and_patterns() -> None:
    project = Redactor(["customer_id", "Iban"], [r"CUST-[0-9]{8}"])
    event = {
        "customerId": "hunter2",
        "IBAN": "hunter2",
        "event": "for CUST-12345678, customer-id=hunter2 iban: hunter2",
    }
    cleaned = project.clean_event(event)
    assert cleaned == {
        "customerId": MASK,
        "IBAN": MASK,
        "event": f"for {MASK}, customer-id={MASK} iban: {MASK}",
    }


def test_a_broken_pattern_is_refused() -> None:
    with pytest.raises(re.error):
        Redactor(extra_patterns=["("])


_JSON: st.SearchStrategy[Plain] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_SECRETS = st.sampled_from(
    [
        ("password=", "hunter2hunter2"),
        ("Authorization: Bearer ", "hunter2hunter2"),
        ("redis://:", "hunter2hunter2", "@host"),
        ("", "eyJhbGciOiJub25lIn0.hunter2hunter2.c2lnbmF0dXJl"),
        ("", "AKIA" + "IOSFODNN7EXAMPLE"),
        ("-----BEGIN PRIVATE KEY-----", "hunter2hunter2", "-----END PRIVATE KEY-----"),
    ]
)


def _bury(data: Plain, leaf: Plain, path: list[int]) -> Plain:
    """Put `leaf` somewhere into `data`."""
    if isinstance(data, dict) and data:
        key = sorted(data)[path[0] % len(data)] if path else next(iter(data))
        return {**data, key: _bury(data[key], leaf, path[1:])}
    if isinstance(data, list) and data:
        place = path[0] % len(data) if path else 0
        return [*data[:place], _bury(data[place], leaf, path[1:]), *data[place + 1 :]]
    return leaf


@given(_JSON, _SECRETS, st.text(), st.text(), st.lists(st.integers(0, 9), max_size=5))
@example(
    data=[None, None],
    secret=("-----BEGIN PRIVATE KEY-----", "hunter2hunter2", "-----END PRIVATE KEY-----"),
    before="",
    after="",
    path=[],
)
def test_no_secret_survives_in_any_structure(
    data: Plain, secret: tuple[str, ...], before: str, after: str, path: list[int]
) -> None:
    # A blank around it, as between words: glued to letters, a token is not recognisable as one.
    text = f"{before} {''.join(secret)} {after}"
    cleaned = redactor.clean_event({"event": "x", "data": _bury(data, text, path)})
    assert secret[1] not in json.dumps(cleaned, ensure_ascii=False)


@given(_JSON, st.lists(st.integers(0, 9), max_size=5))
def test_no_secret_survives_under_its_name(data: Plain, path: list[int]) -> None:
    buried = _bury(data, {"db_password": "hunter2hunter2"}, path)
    assert "hunter2hunter2" not in json.dumps(redactor.clean_event({"data": buried}))


@given(st.text())
def test_the_quick_look_never_misses_what_the_search_finds(text: str) -> None:
    finder = SecretFinder(SecretNames())
    if finder.find(text):
        assert finder.may_find(text)


_FILLERS = ("{}", "{} ", "{}=", "{}: ", "{}='", '{}="\\', "{}@", "{}a.", "{}-", "{} a", "{}=[", "{}={{[", "{}\\")


@pytest.mark.parametrize("rule", SecretFinder(SecretNames()).rules, ids=lambda rule: rule.hint)
def test_what_a_rule_finds_is_in_the_text_and_bounded(rule: Rule) -> None:
    """Also in what is made to be searched for long; `make bench-guard` holds the time that it takes."""
    for filler in _FILLERS:
        piece = filler.format(rule.hint)
        text = piece * (200_000 // len(piece))
        spans = rule.spans(text, text)
        assert all(0 <= start <= end <= len(text) for start, end in spans), filler
        # The last one is the rest of the text.
        assert len(spans) <= MOST_FINDINGS + 1, filler

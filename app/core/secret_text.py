"""Where in a text the secrets are.

Every rule is a pattern that is searched in the lower-case text, and only if the rule's hint (a plain substring)
occurs in it: a text without secrets costs a few substring searches. Each pattern takes linear time whatever it is
given: it starts with a literal (so that the regular expression engine skips to it; a condition on what comes before
stands behind the literal for that reason) and repeats possessively (`++`, `*+`), so nothing is read twice.
`bench/guard/redaction_cost.py` measures the worst input of each.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from app.core.secret_names import ENDINGS, QUALIFIERS, WORDS, SecretNames

Span = tuple[int, int]

# A text in which one rule finds this many is nothing to read (Loki takes 256 KB a line): the rest of it goes as well,
# so that time and memory for a text made of secrets stay bounded.
MOST_FINDINGS = 10_000


@dataclass(frozen=True)
class Rule:
    """One kind of secret: the last group of `pattern` (or the whole match) is it.

    `harmless`, if given, matches what only looks like it, with its capitals: `Basic authentication`.
    """

    hint: str
    pattern: re.Pattern[str]
    harmless: re.Pattern[str] | None = None

    def spans(self, text: str, lowered: str) -> list[Span]:
        """Return where this kind of secret is in `text`."""
        matches = islice(self.pattern.finditer(lowered), MOST_FINDINGS)
        spans = [match.span(match.lastindex or 0) for match in matches]
        rest = [(spans[-1][0], len(text))] if len(spans) == MOST_FINDINGS else []
        if self.harmless is not None:
            spans = [span for span in spans if not self.harmless.fullmatch(text, *span)]
        return spans + rest


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE | re.DOTALL)


# Between a name and its value. Quotes may be escaped: JSON inside of JSON.
_SEPARATOR = r"""(?: \\*+ ["'\])]{0,3}+ [ \t]{0,8}+ (?: [=:]{1,2}+ >? | %3[ad] ) [ \t]{0,8}+ )"""
_NOTHING = r"""(?! (?: none | null | true | false | \*{3,}+ ) (?: [\s,;&"')\]}] | $ ) | \[redacted\] )"""
_QUOTED = r"""
    [bru]{0,2}+ (?:
        \\++ " ( [^\\"]*+ (?: \\++ (?!") [^\\"]*+ )*+ )
      | \\++ ' ( [^\\']*+ (?: \\++ (?!') [^\\']*+ )*+ )
      | " ( [^"\\]*+ (?: \\. [^"\\]*+ )*+ )
      | ' ( [^'\\]*+ (?: \\. [^'\\]*+ )*+ )
    )
"""
_FLAT = r"[\[({] [^][(){}]*+ [\])}]"
_NESTED = rf"[\[({{] (?: [^][(){{}}]++ | {_FLAT} )*+ [\])}}]"
# Brackets in brackets in brackets; what is deeper, or cut off, goes with the rest of its line.
_BRACKETED = rf"( [\[({{] (?: (?: [^][(){{}}]++ | {_NESTED} )*+ [\])}}] | [^\r\n]*+ ) )"
# A quote or a closing mark inside belongs to the value, at its end it does not.
_UNQUOTED = r"""
    ( [^\s,;&"'<>)\]}\\]*+
      (?: (?: \\ (?! ["'] )
            | ["'] (?= \w )
            | [,;)\]}] (?= [^\s,;)\]}"'] ) (?! [\w.-]{1,32}+ ["']? [=:] )
          ) [^\s,;&"'<>)\]}\\]*+ )*+ )
"""
_REST_OF_LINE = r"""( [^\s"'] [^\r\n"']*+ )"""
_VALUE = rf"{_NOTHING} (?: {_QUOTED} | {_BRACKETED} | {_UNQUOTED} )"
_HEADER_VALUE = rf"{_NOTHING} (?: {_QUOTED} | {_BRACKETED} | {_REST_OF_LINE} )"
_HEADERS = ("authorization", "cookie")
_QUALIFIED = rf"(?: [_-]? (?: {'|'.join(QUALIFIERS)} ) )?+ \d{{0,3}}+"


def _assignment_rules(names: SecretNames) -> Iterator[Rule]:
    """Yield a rule for each first word of a secret's name: `name=value`, `"name": "value"`, headers."""
    for first, entries in groupby(sorted(ENDINGS), key=lambda ending: ending.partition(" ")[0]):
        name = "|".join(_flexible(entry) for entry in sorted(entries, key=len, reverse=True))
        value = _HEADER_VALUE if first in _HEADERS else _VALUE
        yield Rule(first, _compile(rf"(?: {name} ) {_QUALIFIED} {_SEPARATOR} {value}"))
    for word in WORDS:
        yield Rule(word, _compile(rf"{word} (?<! [a-z0-9] {word} ) {_QUALIFIED} {_SEPARATOR} {_VALUE}"))
    for name in names.extra:
        first = name.partition(" ")[0]
        yield Rule(first, _compile(rf"(?<! [a-z0-9] ) {_flexible(name)} {_SEPARATOR} {_VALUE}"))


def _flexible(name: str) -> str:
    return r"[\ _.-]?".join(map(re.escape, name.split()))


def _option_rule() -> Rule:
    """`--password hunter2`, which only looks like an assignment behind two dashes."""
    names = "|".join(map(_flexible, sorted((*ENDINGS, *WORDS), key=len, reverse=True)))
    return Rule("--", _compile(rf"-- (?= \w ) (?: \w++ - )*+ (?: {names} ) [ \t]{{1,8}}+ ( [^\s-] \S*+ )"))


# Credentials after the name of their scheme, at least this long; words are recognised by their letters.
_CREDENTIALS = r"[ \t]{1,8}+ ( [\w.~+/-]{4,}+ ={0,2}+ ) (?! [\w=] )"
_ORDINARY_WORD = re.compile(r"[A-Za-z]?[a-z_-]{1,19}+[.:]?|[A-Z]{1,10}+|[\w-]{1,7}+")
_SCHEMES = ("apikey", "basic", "bearer", "digest", "negotiate", "token")


def _scheme_rules() -> Iterator[Rule]:
    for scheme in _SCHEMES:
        yield Rule(f"{scheme} ", _compile(rf"{scheme} (?<! \w {scheme} ) {_CREDENTIALS}"), harmless=_ORDINARY_WORD)


# Tokens that their issuers made recognisable: how they begin (in lower case), and what follows.
_ISSUED = {
    "abia": r"[a-z0-9]{16}",  # Amazon: access key ids of four kinds
    "acca": r"[a-z0-9]{16}",
    "akia": r"[a-z0-9]{16}",
    "asia": r"[a-z0-9]{16}",
    "aiza": r"[\w-]{35}",  # Google: API key, client secret, access token
    "gocspx-": r"[\w-]{20,}+",
    "ya29.": r"[\w-]{20,}+",
    "gho_": r"\w{20,}+",  # GitHub
    "ghp_": r"\w{20,}+",
    "ghr_": r"\w{20,}+",
    "ghs_": r"\w{20,}+",
    "ghu_": r"\w{20,}+",
    "github_pat_": r"\w{20,}+",
    "glpat-": r"[\w-]{16,}+",  # GitLab: personal, runner, deploy
    "glrt-": r"[\w-]{16,}+",
    "gldt-": r"[\w-]{16,}+",
    "xoxb-": r"[\w-]{10,}+",  # Slack: bot, user, app, refresh
    "xoxp-": r"[\w-]{10,}+",
    "xoxa-": r"[\w-]{10,}+",
    "xoxe": r"[\w.-]{10,}+",
    "xapp-": r"[\w-]{10,}+",
    "hooks.slack.com/": r"(?: services | workflows ) / ( [\w/-]++ )",
    "rk_live_": r"\w{10,}+",  # Stripe: restricted, secret
    "rk_test_": r"\w{10,}+",
    "sk_live_": r"\w{10,}+",
    "sk_test_": r"\w{10,}+",
    "whsec_": r"[\w+/=]{16,}+",
    "sk-": r"[\w-]{20,}+",  # OpenAI, Anthropic
    "sg.": r"[\w-]{16,}+ \. [\w-]{16,}+",  # SendGrid
    "npm_": r"\w{30,}+",
    "pypi-": r"[\w-]{16,}+",
    "hf_": r"\w{30,}+",  # Hugging Face
    "dop_v1_": r"\w{40,}+",  # DigitalOcean
    "hvs.": r"[\w-]{20,}+",  # Vault
    "glsa_": r"\w{20,}+",  # Grafana
    "dckr_pat_": r"[\w-]{20,}+",  # Docker Hub
}


def _issued_token_rules() -> Iterator[Rule]:
    for beginning, rest in _ISSUED.items():
        literal = re.escape(beginning)
        yield Rule(beginning, _compile(rf"{literal} (?<! [a-z0-9] {literal} ) {rest}"))


_PRIVATE_KEY = Rule(
    "private key",
    _compile(
        r"-----begin\ (?: [a-z0-9]{1,16}+\ ){0,4}? private\ key (?: \ block )? -----"
        # To the end mark, or to the end of a text that was cut.
        r"[^-]*+ (?: - (?! ----end ) [^-]*+ )*+ (?: -----end [^-]{0,64}+ ----- )?"
    ),
)
# Up to the last @ of the authority; or, for a password with an unescaped slash, up to the first @ of what follows.
_URL_CREDENTIALS = Rule(
    "://",
    _compile(
        r""":// (?:
              ( [^\s/?\#"'<>@]++ (?: @ [^\s/?\#"'<>@]*+ (?= @ ) )*+ ) (?= @ )
            | ( [^\s/?\#"'<>@:[]*+ : (?! \d*+ (?: [\s/?\#"'<>] | $ ) ) (?: (?! :// ) [^\s"'<>@] )*+ ) (?= @ )
        )"""
    ),
)
# JWS have three parts, JWE five; what is cut off after the first is still the start of one.
_JSON_WEB_TOKEN = Rule("eyj", _compile(r"eyj (?<! [\w-] eyj ) [\w-]{4,}+ (?: \. [\w-]*+ ){1,4}+"))
# The domain stays: it tells whose mail it is about, not who.
_E_MAIL = Rule("@", _compile(r"(?<! [\w.+%-] ) ( [\w.+%-]++ ) (?= @ (?: [\w-]++ \. )++ [a-z]{2} )"))
_SINGLE_RULES = (_PRIVATE_KEY, _JSON_WEB_TOKEN, _URL_CREDENTIALS, _E_MAIL, _option_rule())


class SecretFinder:
    """Finds secrets in texts; built once for the names and patterns of a process."""

    def __init__(self, names: SecretNames, extra_patterns: Iterable[str] = ()) -> None:
        self._always = (*_SINGLE_RULES, *_scheme_rules(), *_issued_token_rules())
        self._assignments = tuple(_assignment_rules(names))
        self._hints = _any_of(rule.hint for rule in self._always)
        self._all_hints = _any_of(rule.hint for rule in self.rules)
        self._extra = tuple(re.compile(pattern) for pattern in extra_patterns)

    @property
    def rules(self) -> Sequence[Rule]:
        """The built-in rules, for tests and measurements."""
        return (*self._always, *self._assignments)

    def may_find(self, text: str) -> bool:
        """Tell quickly whether `find` is worth calling; never wrong when it says no."""
        lowered = text.lower()
        hints = self._all_hints if _has_separator(lowered) else self._hints
        return bool(self._extra) or hints.search(lowered) is not None

    def find(self, text: str) -> list[Span]:
        """Return where secrets are in `text`, in order and without overlaps."""
        lowered = _lower(text)
        rules = self.rules if _has_separator(lowered) else self._always
        spans = [span for rule in rules if rule.hint in lowered for span in rule.spans(text, lowered)]
        spans += [match.span() for pattern in self._extra for match in pattern.finditer(text)]
        return _merge(spans)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(_tree(sorted(set(words))))


def _tree(words: Sequence[str]) -> str:
    """Write `words` as a pattern that looks at each character of a text once: `ab|ac` as `a(?:b|c)`."""
    if "" in words:
        return ""
    branches = [
        re.escape(first) + _tree([word[1:] for word in group])
        for first, group in groupby(words, key=lambda word: word[0])
    ]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


def _has_separator(lowered: str) -> bool:
    return "=" in lowered or ":" in lowered or "%3" in lowered


def _lower(text: str) -> str:
    """Return `text` in lower case with every character at its place (the capital İ would become two)."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(lower if len(lower := character.lower()) == 1 else character for character in text)


def _merge(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start == end:
            continue
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged

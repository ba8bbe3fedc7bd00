"""Which names stand for a secret: `api_key`, `X-Auth-Token`, `dbPassword`; not `monkey`, `cache_key`, `max_tokens`.

A name stands for a secret when it ends in one of the entries below, or in one followed by a qualifier that
leaves the secret a secret (`_hash`, `_old`). Any other ending makes the name a property of the secret:
`token_type`, `password_changed_at`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

# Also as the end of a longer word: `mypassword`, `csrftoken`, `PHPSESSID`. A blank stands for any separator or none.
ENDINGS = (
    "access key",
    "access tokens",
    "account key",
    "amz credential",
    "amz signature",
    "api key",
    "auth key",
    "auth tokens",
    "authorization",
    "card number",
    "connection string",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "credit card",
    "encryption key",
    "goog signature",
    "master key",
    "one time code",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "private key",
    "recovery code",
    "recovery codes",
    "refresh tokens",
    "secret",
    "secret key",
    "secrets",
    "security code",
    "sessid",
    "session id",
    "session key",
    "shared key",
    "signing key",
    "ssh key",
    "storage key",
    "token",
)
# Only as a word of its own: `db_pass`, but not `compass`.
WORDS = ("auth", "creds", "cvc", "cvv", "jwt", "otp", "pass", "pin", "pwd", "sig", "ssn", "totp")
QUALIFIERS = (
    *("b64", "base64", "bytes", "confirm", "confirmation", "current", "encrypted", "hash", "header", "hex", "new"),
    *("old", "plain", "plaintext", "previous", "raw", "str", "string", "text", "value"),
)

_WORD = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z]++|[A-Z]")
_JOINED_ENDINGS = tuple(ending.replace(" ", "") for ending in ENDINGS)
# The end decides; a longer name is data, and not worth cutting into words.
_DECIDING_LENGTH = 128


class SecretNames:
    """The built-in names and those a project adds; `is_secret(name)` tells whether a field's name is one."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self.extra = tuple(sorted({" ".join(_words(name)) for name in extra} - {""}))
        self._joined_extra = frozenset(name.replace(" ", "") for name in self.extra)
        self.is_secret = lru_cache(maxsize=4096)(self._decide)

    def _decide(self, name: str) -> bool:
        words = _words(name[-_DECIDING_LENGTH:])
        if "".join(words) in self._joined_extra:
            return True
        while len(words) > 1 and words[-1] in QUALIFIERS and not _is_secret(words):
            words.pop()
        return _is_secret(words)


def _is_secret(words: list[str]) -> bool:
    return bool(words) and (words[-1] in WORDS or "".join(words).endswith(_JOINED_ENDINGS))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]

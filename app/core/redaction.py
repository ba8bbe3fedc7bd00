"""Secrets stay out of log lines and spans: by the name of a field, and by what a text looks like.

The same rules guard stdout and OpenTelemetry, because both carry the line that this module has cleaned;
`app/core/span_redaction.py` applies them to spans.
"""

from collections.abc import Iterable, Mapping

from structlog.typing import EventDict, WrappedLogger

from app.core.plain import Plain, is_finite, text_of, to_plain
from app.core.secret_names import SecretNames
from app.core.secret_text import SecretFinder

MASK = "[REDACTED]"

# Written by the chain itself.
_OWN_FIELDS = frozenset(("level", "logger", "timestamp", "trace_id", "span_id"))
_PAIR = 2


class Redactor:
    """Cleans events; built once for a process."""

    def __init__(self, extra_fields: Iterable[str] = (), extra_patterns: Iterable[str] = ()) -> None:
        names = SecretNames(extra_fields)
        self._is_secret = names.is_secret
        self._finder = SecretFinder(names, extra_patterns)

    def clean_event(self, event_dict: EventDict) -> EventDict:
        """Make every value plain and free of secrets, in place."""
        texts = []
        for name, value in event_dict.items():
            kind = type(value)
            if kind is bool or value is None or name in _OWN_FIELDS:
                continue
            if self._is_secret(name):
                event_dict[name] = MASK
            elif kind is str:
                texts.append(value)
            elif not (kind is int or (kind is float and is_finite(value))):
                event_dict[name] = self.clean(to_plain(value))
        # One look at all texts together: most events hold no secret at all.
        if self._finder.may_find("\n".join(texts)):
            for name, value in event_dict.items():
                if type(value) is str and name not in _OWN_FIELDS:
                    event_dict[name] = self.clean_text(value)
        return event_dict

    def clean(self, value: Plain) -> Plain:
        """Return plain data without secrets in its fields and texts."""
        if isinstance(value, str):
            return self.clean_text(value)
        if isinstance(value, dict):
            return self._clean_fields(value)
        if isinstance(value, list):
            return self._clean_items(value)
        return value

    def clean_text(self, text: str) -> str:
        """Return `text` with a mask in place of each secret."""
        if not self._finder.may_find(text) or not (spans := self._finder.find(text)):
            return text
        pieces: list[str] = []
        position = 0
        for start, end in spans:
            pieces += (text[position:start], MASK)
            position = end
        return "".join((*pieces, text[position:]))

    def mask_fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return a copy of `fields` with those masked whose name stands for a secret."""
        return {name: MASK if self._is_secret(name) else value for name, value in fields.items()}

    def _clean_fields(self, fields: dict[str, Plain]) -> Plain:
        # {"name": "DB_PASSWORD", "value": "…"}, as Kubernetes writes an environment.
        named = fields.get("name", fields.get("key"))
        secret_value = isinstance(named, str) and self._is_secret(named)
        return {
            name: self._mask(value)
            if self._is_secret(name) or (secret_value and name == "value")
            else self.clean(value)
            for name, value in fields.items()
        }

    def _clean_items(self, items: list[Plain]) -> Plain:
        # ["authorization", "Bearer …"], as ASGI holds headers.
        if len(items) == _PAIR and isinstance(items[0], str) and self._is_secret(items[0]):
            # The name may hold a secret itself: a key's armour ends in `PRIVATE KEY-----`.
            return [self.clean_text(items[0]), self._mask(items[1])]
        return [self.clean(item) for item in items]

    @staticmethod
    def _mask(value: Plain) -> Plain:
        return value if value is None or isinstance(value, bool) else MASK


_redactor = Redactor()


def configure_redaction(extra_fields: Iterable[str], extra_patterns: Iterable[str]) -> None:
    """Add a project's own field names and regular expressions to the built-in rules.

    A field's name is given once, in any spelling (`customer_id` also covers `customerId` and `CUSTOMER-ID`).
    Patterns are searched in every text; keep them linear. Raises `re.error` for one that is no regular expression.
    """
    global _redactor  # noqa: PLW0603 (one process, one set of rules)
    _redactor = Redactor(extra_fields, extra_patterns)


def mask_secret_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """Return `fields` with those masked whose name stands for a secret; values stay as they are."""
    return _redactor.mask_fields(fields)


def clean_plain(value: Plain) -> Plain:
    """Return plain data without secrets in its fields and texts."""
    return _redactor.clean(value)


def sanitize_sensitive_data(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Make the event plain and free of secrets (structlog processor); never raises."""
    try:
        return _redactor.clean_event(event_dict)
    except Exception as error:
        # Nothing of an event that could not be checked goes out, except that it happened.
        kept = {name: event_dict[name] for name in _OWN_FIELDS if name in event_dict}
        return {**kept, "event": "log event could not be cleaned and was withheld", "error": text_of(type(error))}

"""Any Python value as plain data that JSON can hold; never raises, never recurses without end."""

import dataclasses
import datetime
import decimal
import enum
import math
import pathlib
import uuid
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

# orjson refuses deeper nesting than 254; nobody reads a log line that goes deeper than this.
_MAX_DEPTH = 32
_INT64 = range(-(2**63), 2**64)
_WRITTEN_AS_TEXT = (decimal.Decimal, pathlib.PurePath, uuid.UUID)
_COLLECTIONS = (list, tuple, set, frozenset)


def to_plain(value: object) -> Plain:
    """Copy `value` into dicts with string keys, lists, strings, numbers, booleans and None.

    What JSON has no form for becomes text: bytes are decoded as far as they are UTF-8, NaN and the infinities
    and integers beyond 64 bits are spelled out, anything unknown is its `repr()`. Cycles and nesting
    beyond 32 levels end in a marker.
    """
    return _convert(value, ())


def is_finite(number: float) -> bool:
    """Tell whether JSON can hold `number`."""
    return number - number == 0.0


def text_of(value: object) -> str:
    """Return `str(value)`, or a marker if the object's own `__str__` or `__repr__` fails."""
    try:
        return valid_unicode(str(value))
    except Exception as error:
        return f"<unprintable {type(value).__qualname__}: {type(error).__name__}>"


def valid_unicode(text: str) -> str:
    """Replace lone surrogates (os.fsdecode makes them of undecodable bytes) by their escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def _convert(value: object, parents: tuple[int, ...]) -> Plain:  # noqa: PLR0911 (one a type)
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return valid_unicode(str.__str__(value))
    if isinstance(value, int):
        return int(value) if value in _INT64 else text_of(value)
    if isinstance(value, float):
        return float(value) if is_finite(value) else _spell_out(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode(errors="backslashreplace")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, _WRITTEN_AS_TEXT):
        return text_of(value)
    return _convert_container(value, parents)


def _convert_container(value: object, parents: tuple[int, ...]) -> Plain:  # noqa: PLR0911 (one a type)
    if id(value) in parents:
        return f"<circular {type(value).__qualname__}>"
    if len(parents) >= _MAX_DEPTH:
        return f"<nested deeper than {_MAX_DEPTH} levels>"
    parents = (*parents, id(value))
    try:
        if isinstance(value, Mapping):
            return {_key(name): _convert(item, parents) for name, item in list(value.items())}
        if isinstance(value, _COLLECTIONS):
            return _convert_items(value, parents)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = dataclasses.fields(value)
            return {field.name: _convert(getattr(value, field.name, None), parents) for field in fields if field.repr}
        return valid_unicode(repr(value))
    except Exception as error:
        return f"<unprintable {type(value).__qualname__}: {type(error).__name__}>"


def _convert_items(values: Iterable[object], parents: tuple[int, ...]) -> Plain:
    return [_convert(item, parents) for item in list(values)]


def _key(name: object) -> str:
    plain = _convert(name, ()) if not isinstance(name, _COLLECTIONS) else text_of(name)
    return plain if isinstance(plain, str) else text_of(plain)


def _spell_out(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"

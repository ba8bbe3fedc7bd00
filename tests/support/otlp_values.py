"""Python's values as OTLP has them."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

Value: TypeAlias = "bool | int | float | str | bytes | Sequence[Value] | Mapping[str, Value] | None"
# Pairs where a key occurs twice, which a mapping can't say.
Attributes: TypeAlias = Mapping[str, Value] | Sequence[tuple[str, Value]]

# Where OTLP has a Python scalar.
SCALARS: dict[type, str] = {
    bool: "bool_value",
    int: "int_value",
    float: "double_value",
    str: "string_value",
    bytes: "bytes_value",
}


def key_values(attributes: Attributes) -> list[KeyValue]:
    """Attributes as OTLP has them."""
    pairs = attributes.items() if isinstance(attributes, Mapping) else attributes
    return [KeyValue(key=key, value=any_value(value)) for key, value in pairs]


def any_value(value: Value) -> AnyValue:
    """A Python value as OTLP has it; None is a value that is not set."""
    match value:
        case Mapping():
            return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
        case list() | tuple():
            return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
    scalar = AnyValue()
    if value is not None:
        setattr(scalar, SCALARS[type(value)], value)
    return scalar

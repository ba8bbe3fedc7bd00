"""OpenTelemetry's environment variables that this project reads itself, because it replaces what would read them."""

import os


def positive_integer(variable: str, default: int) -> int:
    """Return the variable's value, or `default` if it is unset or empty.

    Raises `ValueError` naming the variable if it holds anything but a positive whole number.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{variable}={text!r} has to be a positive whole number, such as {default}")
    return int(text)

"""What `make doctor` says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is empty when nothing has to be done."""

    subject: str
    found: str
    remedy: str = ""

"""What the tests of `make tail` need: a running stack (`make up`), to which services of their own send."""

import secrets

import pytest


@pytest.fixture
def name() -> str:
    """A word that begins the names of one test's services, and of no others."""
    return f"tail-{secrets.token_hex(4)}"

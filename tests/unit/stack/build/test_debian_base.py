"""What the Debian image takes from the host."""

from pathlib import Path

import pytest

from stack.build import debian_base
from stack.failure import StepError


def test_without_trusted_authorities_it_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_base, "CA_BUNDLES", (str(tmp_path / "missing.crt"),))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(StepError, match=r"none of .*missing\.crt is a file"):
        debian_base.host_ca_bundle()

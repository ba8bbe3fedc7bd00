"""Let docker-compose.yml name the newest release of every component, to see whether an upgrade breaks something.

`python -m tests.support.newest_images` is for a checkout that is thrown away afterwards. A tag
that floats already (`3.11-slim`) stays as it is.
"""

import re
from collections.abc import Iterable

from stack.docker import compose
from stack.paths import COMPOSE_FILE

RELEASE = re.compile(r"v?\d+\.\d+\.\d+(-(?P<variant>[a-z]+))?")


def with_newest(text: str, images: Iterable[str]) -> str:
    """The text of a Compose file with `latest` (of `8.1.10-alpine`: `alpine`) for each release that `images` pin."""
    for image in images:
        name, tag = image.rsplit(":", 1)
        if pinned := RELEASE.fullmatch(tag):
            text = text.replace(image, f"{name}:{pinned['variant'] or 'latest'}")
    return text


if __name__ == "__main__":
    COMPOSE_FILE.write_text(with_newest(COMPOSE_FILE.read_text(), compose.official_images().values()))

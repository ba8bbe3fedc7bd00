"""What a request handler needs, handed over by `create_app` in the application's state."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from redis.asyncio import Redis
from structlog.stdlib import BoundLogger

from app.core.settings import Settings
from app.events.store import ExecutionStore


@dataclass(frozen=True)
class Resources:
    """Shared by all requests of the process."""

    settings: Settings
    logger: BoundLogger
    redis: Redis
    store: ExecutionStore


def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


ResourcesOf = Annotated[Resources, Depends(_resources)]

"""Whether the process is alive, and whether it can serve."""

import asyncio

from fastapi import APIRouter, Response
from pydantic import BaseModel
from redis.exceptions import RedisError

from app.api.dependencies import ResourcesOf
from app.events.redis import redis_address

# Shorter than any orchestrator's own probe timeout, so that the reason gets through.
_PROBE_SECONDS = 1.0

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """`status` is for machines, `reason` for the person who reads it."""

    status: str
    reason: str | None = None


@router.get("/live", response_model_exclude_none=True)
async def live() -> Health:
    """Answer as long as the process can; a restart would not help a lost Redis."""
    return Health(status="alive")


@router.get("/ready", response_model_exclude_none=True)
async def ready(resources: ResourcesOf, response: Response) -> Health:
    """Answer 200 if Redis does, 503 with the reason otherwise."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await resources.redis.ping()
    except (RedisError, TimeoutError) as error:
        response.status_code = 503
        address = redis_address(resources.settings)
        return Health(status="not ready", reason=f"Redis at {address} does not answer: {error or 'timeout'}")
    return Health(status="ready")

"""The backend: accepts executions over HTTP and sends them to the workers."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

from app.api import dead_letters, executions, health
from app.api.body_limit import BodyLimit
from app.api.dependencies import Resources
from app.api.errors import add_error_answers
from app.core.service_names import ServiceName
from app.core.settings import Settings, load_settings
from app.core.shutdown import flush_on_exit
from app.core.telemetry import start_telemetry
from app.events.redis import connect_redis, create_broker, redis_address
from app.events.redis_metrics import observe_redis
from app.events.store import ExecutionStore

# Every few seconds a probe asks; its lines and spans would outnumber all others.
_HEALTH_PATHS = "/health/"


def create_app(settings: Settings) -> FastAPI:
    """Create the backend with its telemetry; Redis may come and go while it runs."""
    logger = start_telemetry(settings)
    observe_redis(settings)
    logging.getLogger("uvicorn.access").addFilter(_is_no_probe)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        redis = connect_redis(settings)
        broker = create_broker(settings, logger)
        await broker.connect()
        app.state.resources = Resources(settings, logger, redis, ExecutionStore(redis, broker, settings))
        logger.info("Backend is ready", redis=redis_address(settings))
        yield
        await broker.stop()
        await redis.aclose()
        logger.info("Backend stopped")

    app = FastAPI(title="Integr8sCode executions", version="1", lifespan=lifespan)
    app.add_middleware(BodyLimit)
    add_error_answers(app)
    for api in (executions, dead_letters, health):
        app.include_router(api.router)
    FastAPIInstrumentor.instrument_app(app, excluded_urls=_HEALTH_PATHS, exclude_spans=["receive", "send"])
    return app


def _is_no_probe(record: logging.LogRecord) -> bool:
    return _HEALTH_PATHS not in record.getMessage()


def main() -> None:
    """Serve on BACKEND_HOST and BACKEND_PORT until SIGTERM or SIGINT."""
    settings = load_settings(ServiceName.BACKEND)
    app = create_app(settings)
    flush_on_exit()
    # log_config=None leaves uvicorn's loggers to the logging setup: JSON on stdout, exported like the others.
    uvicorn.run(app, host=settings.BACKEND_HOST, port=settings.BACKEND_PORT, log_config=None)


if __name__ == "__main__":
    main()

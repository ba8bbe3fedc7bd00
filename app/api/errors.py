"""Every refusal is JSON with `detail`: what is wrong, and what to do."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

from app.api.dependencies import Resources
from app.events.execution import StepRefusedError
from app.events.redis import redis_address
from app.events.store import ExecutionNotFoundError


class ConflictError(Exception):
    """The request is fine, but not for the state that the execution is in."""


def add_error_answers(app: FastAPI) -> None:
    """Turn the exceptions that requests raise into answers."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _unreadable_body)
    app.add_exception_handler(ExecutionNotFoundError, _not_found)
    app.add_exception_handler(ConflictError, _conflict)
    app.add_exception_handler(StepRefusedError, _conflict)
    app.add_exception_handler(RedisError, _redis_unavailable)


def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows the handler's declared type
    problems = [_problem(each) for each in error.errors()]
    _resources(request).logger.info(
        "Request refused", path=request.url.path, fields=[problem["field"] for problem in problems]
    )
    return JSONResponse({"detail": problems}, status_code=422)


def _problem(error: dict[str, Any]) -> dict[str, Any]:
    """Name the field and the reason; the value itself is not echoed, it may be a secret or a large script."""
    location = [str(part) for part in error["loc"]]
    reason = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "json_invalid":
            reason = f"not valid JSON at character {location.pop()}: {error['ctx']['error']}"
        case "model_attributes_type":
            reason = "must be a JSON object, sent with the header content-type: application/json"
    field = ".".join(location[1:]) or location[0]
    return {"field": field, "loc": location, "msg": reason, "type": error["type"]}


async def _unreadable_body(request: Request, error: Exception) -> Response:
    """Answer a body that is no text at all like one that is no JSON; other HTTP errors stay as they are."""
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows the handler's declared type
    if isinstance(error.__cause__, UnicodeDecodeError):
        problem = {"field": "body", "loc": ["body"], "msg": "not valid JSON: not UTF-8", "type": "json_invalid"}
        return JSONResponse({"detail": [problem]}, status_code=422)
    return await http_exception_handler(request, error)


async def _not_found(request: Request, error: Exception) -> JSONResponse:
    hours = _resources(request).settings.EXECUTION_TTL_SECONDS / 3600
    return JSONResponse(
        {
            "detail": f"There is {error}. Executions are kept for {hours:g} h; check the id, or submit one "
            "with POST /api/v1/executions."
        },
        status_code=404,
    )


async def _conflict(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=409)


async def _redis_unavailable(request: Request, error: Exception) -> JSONResponse:
    resources = _resources(request)
    address = redis_address(resources.settings)
    reason = str(error).rstrip(".")
    resources.logger.error("Redis can't be used", path=request.url.path, redis=address, error=reason)
    return JSONResponse(
        {"detail": f"Redis at {address} can't be used: {reason}. Nothing was changed; try again in some seconds."},
        status_code=503,
        headers={"Retry-After": "5"},
    )

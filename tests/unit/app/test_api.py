"""The backend's answers to bad requests, and to a Redis that is away. No Redis runs here."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.api.body_limit import MAX_BODY_BYTES
from app.core.settings import Settings
from app.main import create_app

GOOD: dict[str, Any] = {"script": "print('hello')", "language": "python"}
PASSWORD = "hunter2"


@pytest_asyncio.fixture
async def backend() -> AsyncIterator[httpx.AsyncClient]:
    # Nothing listens on port 1: a real connection attempt, really refused.
    app = create_app(Settings(TESTING=True, REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:1/0"))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://backend") as client,
    ):
        yield client


def fields(response: httpx.Response) -> list[str]:
    return [problem["field"] for problem in response.json()["detail"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"script": ""}, "script"),
        ({"script": "x" * 65537}, "script"),
        ({"script": 7}, "script"),
        ({"script": None}, "script"),
        ({"language": "cobol"}, "language"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": 31}, "timeout_seconds"),
        ({"timeout_seconds": "soon"}, "timeout_seconds"),
        ({"simulate": "explode"}, "simulate"),
        ({"langauge": "python"}, "langauge"),
    ],
)
async def test_a_bad_field_gets_422_with_its_name(
    backend: httpx.AsyncClient, change: dict[str, object], field: str
) -> None:
    response = await backend.post("/api/v1/executions", json=GOOD | change)
    assert response.status_code == 422
    assert fields(response) == [field]


async def test_every_bad_field_is_named_at_once(backend: httpx.AsyncClient) -> None:
    response = await backend.post("/api/v1/executions", json={"simulate": "explode"})
    assert sorted(fields(response)) == ["language", "script", "simulate"]


async def test_a_refused_value_is_not_echoed(backend: httpx.AsyncClient) -> None:
    response = await backend.post("/api/v1/executions", json=GOOD | {"language": "sk-secret-value"})
    assert "sk-secret-value" not in response.text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"script": "x", oops', "not valid JSON at character"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"", "Field required"),
    ],
)
async def test_a_body_that_is_no_object_gets_422(backend: httpx.AsyncClient, body: bytes, reason: str) -> None:
    response = await backend.post("/api/v1/executions", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert fields(response) == ["body"]
    assert reason in response.json()["detail"][0]["msg"]


async def test_a_lone_surrogate_is_no_text(backend: httpx.AsyncClient) -> None:
    response = await backend.post(
        "/api/v1/executions",
        content=rb'{"script": "\ud800", "language": "python"}',
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 422
    assert fields(response) == ["script"]


async def test_a_body_without_end_is_cut_off(backend: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent <= 10 * MAX_BODY_BYTES:
            sent += 64 * 1024
            yield b" " * (64 * 1024)

    response = await backend.post("/api/v1/executions", content=endless(), headers={"content-type": "application/json"})
    assert response.status_code == 413
    assert sent <= MAX_BODY_BYTES + 128 * 1024


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
async def test_a_list_has_a_sensible_length(backend: httpx.AsyncClient, limit: str) -> None:
    response = await backend.get("/api/v1/dead-letters", params={"limit": limit})
    assert response.status_code == 422
    assert fields(response) == ["limit"]


async def test_without_redis_the_process_is_live_but_not_ready(backend: httpx.AsyncClient) -> None:
    assert (await backend.get("/health/live")).status_code == 200
    ready = await backend.get("/health/ready")
    assert ready.status_code == 503
    assert "Redis at 127.0.0.1:1 does not answer" in ready.json()["reason"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/executions"),
        ("GET", "/api/v1/executions/0123"),
        ("POST", "/api/v1/executions/0123/replay"),
        ("GET", "/api/v1/dead-letters"),
        ("POST", "/api/v1/dead-letters/0123/retry"),
    ],
)
async def test_without_redis_a_request_gets_503_with_the_reason(
    backend: httpx.AsyncClient, method: str, path: str
) -> None:
    response = await backend.request(method, path, json=GOOD)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "Redis at 127.0.0.1:1 can't be used" in response.json()["detail"]
    assert PASSWORD not in response.text

"""Every answer has the headers that keep browsers from mischief, whatever it is; and who may read it is a list."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from storybook.core.errors import StorageError
from storybook.core.headers import SAFE_HEADERS
from storybook.core.settings import Environment
from storybook.main import create_app
from storybook.resources import Resources
from storybook.routers.middleware import MAX_BODY_BYTES
from storybook.services.limits_redis import open_limiter
from tests.conftest import USER_KEY

FRIEND, STRANGER = "https://www.family.app", "https://elsewhere.net"
DOCS = ("/docs", "/redoc", "/openapi.json")
Asked = dict[str, Any]


def app_with(resources: Resources, **told: Any) -> FastAPI:
    """The app with these settings, and two routes that fail."""
    settings = resources.settings.model_copy(update=told)
    limiter = open_limiter(settings, resources.database)
    app = create_app(replace(resources, settings=settings, limiter=limiter))

    @app.get("/broken")
    async def fail() -> None:
        raise RuntimeError("the inside")

    @app.get("/away")
    async def miss() -> None:
        raise StorageError("the storage is away")

    return app


def talking_to(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"X-User-Key": USER_KEY})


@pytest.fixture
async def front(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    await resources.storage.put("books/a/page.png", b"a picture", "image/png")
    async with talking_to(app_with(resources, cors_origins=(FRIEND,), rate_limit_requests=1)) as client:
        yield client


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (200, {"url": "/health"}),
        (200, {"url": "/assets/books/a/page.png"}),
        (200, {"url": "/docs"}),
        (400, {"url": "/v1/library", "headers": {"X-User-Key": "short"}}),
        (401, {"url": "/v1/library", "headers": {"Authorization": "Bearer nobody's"}}),
        (404, {"url": "/nothing/here"}),
        (404, {"url": "/assets/books/a/nothing.png"}),
        (404, {"url": "/docs/of/nothing"}),
        (405, {"method": "PUT", "url": "/health"}),
        (405, {"method": "BREW", "url": "/v1/library"}),
        (413, {"method": "POST", "url": "/v1/books", "content": b" " * (MAX_BODY_BYTES + 1)}),
        (415, {"method": "POST", "url": "/v1/books", "content": b"a=1", "headers": {"Content-Type": "text/plain"}}),
        (422, {"method": "POST", "url": "/v1/books", "json": {}}),
        (500, {"url": "/broken"}),
        (503, {"url": "/away"}),
        (200, {"method": "OPTIONS", "url": "/v1/books", "headers": {"Access-Control-Request-Method": "POST"}}),
    ],
)
async def test_every_answer_has_the_strict_headers(status: int, asked: Asked, front: httpx.AsyncClient) -> None:
    headers = {"Origin": FRIEND, **asked.pop("headers", {})}
    answer = await front.request(asked.pop("method", "GET"), **asked, headers=headers)
    assert answer.status_code == status
    has_own = {"Content-Security-Policy"} if asked["url"] == "/docs" else set()
    if "page.png" in asked["url"]:
        has_own |= {"Cache-Control"}
        assert "immutable" in answer.headers["Cache-Control"]
    for name in SAFE_HEADERS.keys() - has_own:
        assert answer.headers[name] == SAFE_HEADERS[name], name
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
    assert answer.headers["X-Request-ID"]
    if status >= 400:
        assert answer.json()["error"]["code"]
        assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


async def test_one_too_many_has_them_too(front: httpx.AsyncClient) -> None:
    answers = [await front.post("/v1/characters", json={}) for _ in range(3)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers.items() >= {name.lower(): value for name, value in SAFE_HEADERS.items()}.items()


async def test_only_sites_of_the_list_may_read_answers(front: httpx.AsyncClient, resources: Resources) -> None:
    for url in ("/health", "/broken", "/nothing"):
        assert "Access-Control-Allow-Origin" not in (await front.get(url, headers={"Origin": STRANGER})).headers
    asked = {"Origin": STRANGER, "Access-Control-Request-Method": "POST"}
    assert "Access-Control-Allow-Origin" not in (await front.options("/v1/books", headers=asked)).headers
    async with talking_to(app_with(resources)) as nobody_is_listed:
        assert (
            "Access-Control-Allow-Origin"
            not in (await nobody_is_listed.get("/health", headers={"Origin": FRIEND})).headers
        )


@pytest.mark.parametrize(
    "asked",
    [
        {"Origin": STRANGER, "Access-Control-Request-Method": "POST"},
        {"Origin": FRIEND, "Access-Control-Request-Method": "BREW"},
        {"Origin": FRIEND, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "X-Other"},
    ],
    ids=["another site", "another method", "another header"],
)
async def test_a_question_of_a_browser_is_refused_in_the_form_of_the_api(
    asked: dict[str, str], front: httpx.AsyncClient
) -> None:
    refused = await front.options("/v1/books", headers=asked | {"X-Request-ID": "an-id-of-the-app"})
    told = refused.json()
    assert (refused.status_code, told["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert told["detail"] == told["error"]["message"] and "CORS_ORIGINS" in told["detail"]
    assert told["request_id"] == refused.headers["X-Request-ID"] == "an-id-of-the-app"
    assert refused.headers.items() >= {name.lower(): value for name, value in SAFE_HEADERS.items()}.items()
    assert "Origin" in refused.headers["Vary"]
    assert refused.headers.get("Access-Control-Allow-Origin") == (FRIEND if asked["Origin"] == FRIEND else None)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, 200),
        ({"docs": False}, 404),
        ({"environment": Environment.PRODUCTION}, 404),
        ({"environment": Environment.PRODUCTION, "docs": True}, 200),
    ],
)
async def test_the_pages_about_the_api_can_be_switched_off(
    told: dict[str, Any], status: int, resources: Resources
) -> None:
    async with talking_to(app_with(resources, **told)) as client:
        assert [(await client.get(path)).status_code for path in DOCS] == [status] * len(DOCS)

"""What the tests of the API share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from storybook.main import create_app
from storybook.resources import Resources
from tests.conftest import USER_KEY

SPEC: dict[str, Any] = {
    "topic": "a fox and a light",
    "language": "en",
    "target_age": "5-7",
    "style": "watercolor",
    "page_count": 4,
}

Follow = Callable[[str], Awaitable[dict[str, Any]]]


@pytest.fixture
def spec() -> dict[str, Any]:
    return dict(SPEC)


@pytest.fixture
def ended(client: httpx.AsyncClient) -> Follow:
    """Follows a job to its end, as the app does."""

    async def follow(job_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                job: dict[str, Any] = (await client.get(f"/v1/books/{job_id}")).json()
                if job["status"] in ("done", "failed"):
                    return job
                await asyncio.sleep(0.02)

    return follow


@pytest.fixture
async def made(client: httpx.AsyncClient, ended: Follow) -> dict[str, Any]:
    """A finished book."""
    created = (await client.post("/v1/books", json=SPEC)).json()
    job = await ended(created["job_id"])
    assert job["status"] == "done"
    return job


@pytest.fixture
async def idle(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """The app while nobody works on its jobs."""
    transport = httpx.ASGITransport(create_app(resources))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        opened.headers["X-User-Key"] = USER_KEY
        yield opened

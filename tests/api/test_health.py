"""Whether the service is there, and whether it can work."""

from dataclasses import replace

import httpx
import pytest

from storybook.core.database import Database
from storybook.main import create_app
from storybook.resources import Resources


async def test_it_is_there_live_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "healthy", "version": "0.1.0"}
    assert (await client.get("/health/live")).json() == {"status": "live"}
    ready = await client.get("/health/ready")
    assert ready.json() == {"status": "ready", "checks": {"database": "ok", "storage": "ok", "runner": "ok"}}


@pytest.fixture
def without_database(resources: Resources) -> Resources:
    nowhere = Database.connect("postgresql+asyncpg://nobody@127.0.0.1:9/nothing", pool_size=1)
    return replace(resources, database=nowhere)


async def test_without_its_database_it_is_live_but_not_ready_and_says_when_to_come_back(
    without_database: Resources,
) -> None:
    app = create_app(without_database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "away")
        refused = await client.get("/v1/library", headers={"X-User-Key": "a-key-of-a-user"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(refused.headers["retry-after"]) > 0
    await without_database.database.close()

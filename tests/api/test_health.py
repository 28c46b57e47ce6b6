"""Whether the service is there, and whether it can work."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import text

from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.main import create_app
from storybook.resources import Resources

END_WHO_WAITS = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def test_it_is_there_live_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "healthy", "version": "0.1.0"}
    assert (await client.get("/health/live")).json() == {"status": "live"}
    ready = await client.get("/health/ready")
    checks = {"database": "ok", "storage": "ok", "queue": "ok", "runner": "ok"}
    assert ready.json() == {"status": "ready", "checks": checks}


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
async def test_a_monitor_that_asks_with_head_is_told_the_same_without_a_body(
    path: str, client: httpx.AsyncClient
) -> None:
    asked, whole = await client.head(path), await client.get(path)
    assert (asked.status_code, asked.content) == (200, b"")
    for name in ("Content-Type", "Content-Length"):
        assert asked.headers[name] == whole.headers[name]


async def test_without_its_broker_it_says_so_and_stays_ready_because_books_only_wait(resources: Resources) -> None:
    away = {"use_celery": True, "celery_broker_url": "redis://127.0.0.1:9/0"}
    settings = Settings.model_validate(resources.settings.model_dump() | away)
    app = create_app(replace(resources, settings=settings))
    await resources.storage.check()
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        ready = await client.get("/health/ready")
    checks = {"database": "ok", "storage": "ok", "queue": "away", "runner": "ok"}
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "checks": checks})


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
        assert ready.json()["checks"]["queue"] == "away"
        assert int(ready.headers["Retry-After"]) > 0
        refused = await client.get("/v1/library", headers={"X-User-Key": "a-key-of-a-user"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(refused.headers["retry-after"]) > 0
    await without_database.database.close()


@pytest.mark.parametrize("path", ["/v1/books/a-job", "/v1/library"])
async def test_a_request_whose_connection_dies_says_when_to_come_back(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    async with database.session() as session:
        await session.execute(text("LOCK TABLE jobs, books, users IN ACCESS EXCLUSIVE MODE"))
        asked = asyncio.create_task(client.get(path))
        async with asyncio.timeout(30), database.reading() as other:
            while not asked.done():
                await other.scalar(END_WHO_WAITS)
                await asyncio.sleep(0.02)
            refused = await asked
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await client.get("/v1/library")).status_code == 200

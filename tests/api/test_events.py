"""Following a book as it happens."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from sqlalchemy import select, update

from storybook.core.database import Database, Prepared
from storybook.main import create_app
from storybook.models import Job
from storybook.resources import Resources
from tests.api.conftest import SPEC
from tests.conftest import USER_KEY
from tests.fakes import FakePainter, FakeScreen


class Overtaken(Database):
    """Once `armed`, the next thing that is read has changed before its reader looks up."""

    armed = False

    async def run(self, statement: Prepared, **values: Any) -> list[asyncpg.Record]:
        rows = await super().run(statement, **values)
        if self.armed:
            self.armed = False
            await change_without_news(self)
        return rows


class Leaving(Database):
    """While it is `away`, nothing listens at its address."""

    away = False

    async def run(self, statement: Prepared, **values: Any) -> list[asyncpg.Record]:
        if not self.away:
            return await super().run(statement, **values)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            nowhere = Database.connect(f"postgresql+asyncpg://127.0.0.1:{unused.getsockname()[1]}/none", pool_size=1)
            return await nowhere.run(statement, **values)


async def change_without_news(database: Database) -> None:
    """Writes the jobs anew, as artifacts that no reader can see yet do."""
    async with database.session() as session:
        await session.execute(update(Job).values(revision=Job.revision + 1))
    await asyncio.sleep(0.2)


@pytest.fixture
async def served(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(resources) as client:
        yield client


@asynccontextmanager
async def serving(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """The app behind a real server, because streams need one."""
    await resources.storage.check()
    config = uvicorn.Config(create_app(resources), port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(30):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"X-User-Key": USER_KEY}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
        yield client
    server.should_exit = True
    await task


async def events(
    client: httpx.AsyncClient, job_id: str, **headers: str
) -> AsyncIterator[tuple[int, str, dict[str, Any]]]:
    async with asyncio.timeout(20), client.stream("GET", f"/v1/books/{job_id}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                yield int(fields["id"]), fields["event"], json.loads(fields["data"])
                fields = {}


async def test_events_tell_the_whole_way_and_end(served: httpx.AsyncClient) -> None:
    job_id = (await served.post("/v1/books", json=SPEC)).json()["job_id"]
    seen = [event async for event in events(served, job_id)]
    ids = [number for number, _, _ in seen]
    assert ids == sorted(set(ids))
    assert [name for _, name, _ in seen][-1] == "done"
    percents = [job["progress"] for _, _, job in seen]
    assert percents == sorted(percents)
    assert seen[-1][2]["result"]["pages"]
    assert seen[-1][2] == (await served.get(f"/v1/books/{job_id}")).json()


async def test_a_client_that_comes_back_is_told_only_what_it_has_not_seen(served: httpx.AsyncClient) -> None:
    job_id = (await served.post("/v1/books", json=SPEC)).json()["job_id"]
    last = [number async for number, _, _ in events(served, job_id)][-1]
    assert [event async for event in events(served, job_id, **{"Last-Event-ID": str(last)})] == []
    again = [number async for number, _, _ in events(served, job_id, **{"Last-Event-ID": str(last - 1)})]
    assert again == [last]
    assert len([event async for event in events(served, job_id, **{"Last-Event-ID": "nonsense"})]) == 1


async def test_the_preview_shows_each_picture_once_it_has_passed(
    served: httpx.AsyncClient, painter: FakePainter, screen: FakeScreen
) -> None:
    screen.flag_pictures = {4}
    painter.gate.clear()
    job_id = (await served.post("/v1/books", json=SPEC)).json()["job_id"]
    async with asyncio.timeout(30):
        while painter.drawing < 3:
            await asyncio.sleep(0.01)
    preview = (await served.get(f"/v1/books/{job_id}")).json()["preview"]
    assert preview["title"]
    assert (preview["cover_image_url"], preview["pages"]) == (None, [])
    painter.gate.set()
    shown: list[int] = []
    async for _, _, job in events(served, job_id):
        if job["preview"]:
            shown = [page["page_number"] for page in job["preview"]["pages"]]
            assert 4 not in shown
        else:
            assert job["status"] == "failed"
    assert (await served.get(f"/v1/books/{job_id}")).json()["preview"] is None


async def test_an_unsafe_request_never_shows_a_preview(served: httpx.AsyncClient, screen: FakeScreen) -> None:
    screen.flag_request = True
    job_id = (await served.post("/v1/books", json=SPEC)).json()["job_id"]
    seen = [job async for _, _, job in events(served, job_id)]
    assert seen[-1]["error_code"] == "SAFETY_INPUT"
    assert all(job["preview"] is None for job in seen)


async def test_nobody_elses_events_are_told(served: httpx.AsyncClient) -> None:
    job_id = (await served.post("/v1/books", json=SPEC)).json()["job_id"]
    answer = await served.get(f"/v1/books/{job_id}/events", headers={"X-User-Key": "a-key-of-a-stranger"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


async def at_the_easel(client: httpx.AsyncClient, painter: FakePainter) -> str:
    """A book that waits for its pictures."""
    painter.gate.clear()
    job_id = (await client.post("/v1/books", json=SPEC)).json()["job_id"]
    async with asyncio.timeout(30):
        while painter.drawing < 3:
            await asyncio.sleep(0.01)
    return str(job_id)


async def test_what_changes_while_a_stream_opens_is_told_at_once(painter: FakePainter, resources: Resources) -> None:
    database = Overtaken(resources.database.engine)
    async with serving(replace(resources, database=database)) as client:
        job_id = await at_the_easel(client, painter)
        before = await read_revision(database)
        database.armed = True
        seen = []
        async for number, _, _ in events(client, job_id):
            seen.append(number)
            painter.gate.set()
    assert not database.armed
    assert seen[0] > before


async def test_a_stream_ends_quietly_when_the_database_goes_away_and_the_client_comes_back(
    painter: FakePainter, resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    database = Leaving(resources.database.engine)
    async with serving(replace(resources, database=database)) as client:
        job_id = await at_the_easel(client, painter)
        seen = []
        async for number, _, _ in events(client, job_id):
            seen.append(number)
            database.away = True
            await change_without_news(resources.database)
        assert "Exception in ASGI application" not in caplog.text
        answer = await client.get(f"/v1/books/{job_id}/events")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        database.away = False
        painter.gate.set()
        again = [name async for _, name, _ in events(client, job_id, **{"Last-Event-ID": str(seen[-1])})]
    assert again[-1] == "done"


async def test_no_event_says_the_same_as_the_one_before(
    served: httpx.AsyncClient, painter: FakePainter, database: Database
) -> None:
    job_id = await at_the_easel(served, painter)
    told = []
    async for _, _, job in events(served, job_id):
        told.append(job)
        if len(told) == 1:
            await change_without_news(database)
            painter.gate.set()
    assert [job for job, before in zip(told[1:], told, strict=False) if job == before] == []
    assert told[-1]["status"] == "done"


async def read_revision(database: Database) -> int:
    async with database.reading() as session:
        return int(await session.scalar(select(Job.revision)) or 0)


async def test_a_stream_ends_quietly_when_its_reader_is_deleted(
    served: httpx.AsyncClient, painter: FakePainter
) -> None:
    painter.gate.clear()
    job_id = (await served.post("/v1/books", json=SPEC)).json()["job_id"]
    following = events(served, job_id)
    await anext(following)
    assert (await served.delete("/v1/users/me")).status_code == 200
    painter.gate.set()
    assert "done" not in [name async for _, name, _ in following]

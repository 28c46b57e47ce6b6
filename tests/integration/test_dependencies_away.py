"""A database or a storage that goes away: whoever asks is told when to come back, books wait, nothing fails for it."""

import asyncio
import os
import signal
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storybook.core.database import Database, passes
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.errors import StorageError
from storybook.core.migrations import migrate
from storybook.core.settings import Settings
from storybook.core.time_limits import Limits
from storybook.domain.book_spec import BookSpec
from storybook.domain.pictures import Picture
from storybook.main import create_app, make_kit
from storybook.models import Job
from storybook.pipeline.kit import Kit
from storybook.pipeline.runner import Runner
from storybook.providers.base import PictureRequest
from storybook.resources import Resources
from storybook.services import accounts, credits, jobs, orders
from storybook.storage.files import FileStorage
from tests.conftest import ROOMY
from tests.fakes import FakeAuthor, FakePainter
from tests.fixtures_postgres import as_root, lives, server_pid, wait_until

pytestmark = pytest.mark.long
SPEC = BookSpec(topic="a fox and a light", target_age="5-7", style="watercolor", language="en", page_count=4)
CRASHES = 5
BOOKS = 4
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


class Crashing:
    """A database of our own that dies on the spot and can be started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.start()

    def start(self) -> None:
        self.server = EmbeddedPostgres.start(self._folder, durable=False)

    def crash(self) -> None:
        """As `pg_ctl stop -m immediate`."""
        pid = server_pid(self._folder)
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not lives(pid))
        self.server.stop()

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """All of its processes are held, so that it takes connections and says nothing."""
        pid = server_pid(self._folder)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pids = [pid, *map(int, children)]
        for held in pids:
            os.kill(held, signal.SIGSTOP)
        try:
            yield
        finally:
            for held in pids:
                os.kill(held, signal.SIGCONT)


@pytest.fixture
def crashing() -> Iterator[Crashing]:
    """In a short folder: its socket keeps its path when it is started again."""
    with tempfile.TemporaryDirectory(prefix="storybook-") as folder:
        crashing = Crashing(Path(folder) / "crashing")
        yield crashing
        crashing.server.stop()


@pytest.fixture
async def there(crashing: Crashing, resources: Resources) -> AsyncIterator[Resources]:
    """A service over the database that crashes."""
    database = Database.connect(crashing.server.url, pool_size=10)
    await migrate(database.engine)
    yield replace(resources, database=database)
    await database.close()


@dataclass
class SlowPainter(FakePainter):
    async def draw(self, request: PictureRequest) -> Picture:
        await asyncio.sleep(0.4)
        return await super().draw(request)


@dataclass
class House:
    kit: Kit
    settings: Settings
    user_id: str

    async def order(self, topic: str = "a fox") -> str:
        async with self.kit.database.session() as session:
            spec = SPEC.model_copy(update={"topic": topic})
            return (await orders.order_book(session, self.user_id, spec, ROOMY)).id

    async def job(self, job_id: str) -> Job:
        async with self.kit.database.session() as session:
            return await jobs.get(session, self.user_id, job_id)

    async def ended(self, *job_ids: str, seconds: float = 60) -> list[tuple[str, str | None]]:
        runner = Runner(self.kit, self.settings)
        runner.start()
        try:
            async with asyncio.timeout(seconds):
                while any([(await self.job(job_id)).finished_at is None for job_id in job_ids]):
                    await asyncio.sleep(0.05)
        finally:
            await runner.stop(grace_seconds=5)
        return [((job := await self.job(job_id)).status, job.error_code) for job_id in job_ids]


async def house_of(resources: Resources, kit: Kit) -> House:
    async with kit.database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="pepper"))
        await credits.grant(session, user_id, BOOKS, "a test")
    settings = resources.settings.model_copy(update={"lease_seconds": 30.0, "heartbeat_seconds": 10.0})
    return House(kit, settings, user_id)


async def test_books_outlive_a_database_that_crashes_again_and_again_and_nothing_is_drawn_twice(
    crashing: Crashing, there: Resources, author: FakeAuthor
) -> None:
    painter = SlowPainter()
    kit = make_kit(there)
    kit = replace(kit, providers=kit.providers._replace(image=painter))
    house = await house_of(there, kit)
    ordered = [await house.order(f"a fox {number}") for number in range(BOOKS)]
    runner = Runner(kit, house.settings)
    runner.start()
    for _ in range(CRASHES):
        await asyncio.sleep(0.5)
        await asyncio.to_thread(crashing.crash)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(crashing.start)
    await runner.stop(grace_seconds=25)
    assert await house.ended(*ordered) == [("done", None)] * BOOKS
    drawn = Counter((request.prompt.seed, request.prompt.page_number) for request in painter.drawn)
    assert (len(drawn), max(drawn.values())) == (BOOKS * 5, 1)
    assert len(author.stories) == BOOKS


async def test_the_api_says_when_to_come_back_and_is_itself_again_without_a_restart(
    crashing: Crashing, there: Resources
) -> None:
    app = create_app(there)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"X-User-Key": "a-key-of-a-user"}
    body = {"topic": "a fox", "target_age": "5-7", "style": "cartoon", "page_count": 4}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:

        async def statuses() -> list[int]:
            asked = [client.get("/v1/library") for _ in range(12)]
            answers = await asyncio.gather(client.post("/v1/books", json=body), *asked)
            for answer in answers:
                if answer.status_code >= 400:
                    assert answer.json()["error"]["code"] == "SERVICE_UNAVAILABLE", answer.text
                    assert int(answer.headers["retry-after"]) > 0
            return [answer.status_code for answer in answers]

        assert set(await statuses()) == {200}
        for _ in range(3):
            asking = asyncio.create_task(statuses())
            await asyncio.to_thread(crashing.crash)
            assert set(await asking) <= {200, 503}
            assert set(await statuses()) == {503}
            await asyncio.to_thread(crashing.start)
            assert set(await statuses()) == {200}


@pytest.fixture
async def hurried(crashing: Crashing, there: Resources) -> AsyncIterator[Resources]:
    """A service that does not wait long for a statement."""
    database = Database.connect(crashing.server.url, pool_size=10, limits=Limits(0.5, 1.5))
    yield replace(there, database=database)
    await database.close()


async def test_a_database_that_hangs_holds_no_request_up(crashing: Crashing, hurried: Resources) -> None:
    transport = httpx.ASGITransport(create_app(hurried), raise_app_exceptions=False)
    headers = {"X-User-Key": "a-key-of-a-user"}
    body = {"topic": "a fox", "target_age": "5-7", "style": "cartoon", "page_count": 4}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
        assert (await client.get("/v1/library")).status_code == 200
        with crashing.hangs():
            async with asyncio.timeout(20):
                asked = (client.get("/v1/library"), client.post("/v1/books", json=body))
                answers = await asyncio.gather(*asked)
        assert [answer.status_code for answer in answers] == [503, 503]
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert (await client.get("/v1/library")).status_code == 200


async def test_a_transaction_waits_for_another_one_longer_than_a_statement_alone_but_not_for_ever(
    hurried: Resources,
) -> None:
    database = hurried.database
    for seconds in (0.8, 1.8):
        waits = text(f"SELECT pg_sleep({seconds})")
        with pytest.raises(DBAPIError) as alone:
            async with database.reading() as session:
                await session.execute(waits)
        assert passes(alone.value)
    async with database.session() as session:
        await session.execute(text("SELECT pg_sleep(0.8)"))
    with pytest.raises(DBAPIError) as slow:
        async with database.session() as session:
            await session.execute(waits)
    assert passes(slow.value)
    async with database.engine.connect() as migrating:
        await migrating.execute(waits)


async def test_books_outlive_a_database_that_hangs(crashing: Crashing, hurried: Resources) -> None:
    kit = make_kit(hurried)
    painter = SlowPainter()
    house = await house_of(hurried, replace(kit, providers=kit.providers._replace(image=painter)))
    ordered = await house.order()
    runner = Runner(house.kit, house.settings)
    runner.start()
    await asyncio.sleep(0.4)
    with crashing.hangs():
        await asyncio.sleep(7)
    await runner.stop(grace_seconds=25)
    assert await house.ended(ordered) == [("done", None)]
    assert max(Counter(request.prompt.page_number for request in painter.drawn).values()) == 1


@pytest.mark.parametrize("state", ["40P01", "40001", "57P01"])
@pytest.mark.parametrize("table", ["step_artifacts", "books", "provider_calls"])
async def test_a_conflict_with_other_work_is_tried_again_and_fails_no_book(
    resources: Resources, rows: Rows, state: str, table: str
) -> None:
    async with resources.database.session() as session:
        for statement in (
            "CREATE SEQUENCE tried",
            f"""CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('tried') <= 2 THEN RAISE EXCEPTION 'a conflict' USING ERRCODE = '{state}'; END IF;
                RETURN NEW; END $$""",
            f"CREATE TRIGGER conflict BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION conflict()",
        ):
            await session.execute(text(statement))
    house = await house_of(resources, make_kit(resources))
    assert await house.ended(await house.order()) == [("done", None)]
    assert await rows("SELECT max(recoveries) FROM jobs") == [(0,)]


async def test_what_is_wrong_for_good_fails_the_book_at_once(resources: Resources) -> None:
    async with resources.database.session() as session:
        await session.execute(text("ALTER TABLE books RENAME COLUMN moral TO meaning"))
    house = await house_of(resources, make_kit(resources))
    assert await house.ended(await house.order(), seconds=10) == [("failed", "DB_WRITE_FAILED")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk for two pictures."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@as_root
async def test_a_full_disk_holds_a_book_up_until_there_is_room(
    resources: Resources, small_disk: Path, painter: FakePainter
) -> None:
    storage = FileStorage(small_disk / "assets", "")
    heavy = small_disk / "heavy"
    heavy.write_bytes(b"x" * 60 * 1024)
    with pytest.raises(StorageError, match="is full"):
        await storage.put("books/a/b.png", b"x" * 8192, "image/png")
    house = await house_of(resources, replace(make_kit(resources), storage=storage, storage_waits=(0.1,) * 100))
    job_id = await house.order()
    making = asyncio.create_task(house.ended(job_id))
    await asyncio.sleep(2)
    assert (await house.job(job_id)).status == "running"
    heavy.unlink()
    assert await making == [("done", None)]
    assert max(Counter(request.prompt.page_number for request in painter.drawn).values()) == 1


async def test_a_storage_that_hangs_makes_it_unready_and_is_asked_once(resources: Resources) -> None:
    gate, asked = threading.Event(), []

    class Hanging(FileStorage):
        def _write_and_remove(self) -> None:
            asked.append(1)
            gate.wait(30)

    app = create_app(replace(resources, storage=Hanging(resources.settings.storybook_data_dir, "")))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*(client.get("/health/ready") for _ in range(5)))
        assert [answer.json()["checks"]["storage"] for answer in answers] == ["away"] * 5
        assert len(asked) == 1
        gate.set()

"""Processes that are frozen or dead, statements that take too long, a pool that is used up: nobody waits for them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, literal, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database, Prepared, passes, patiently
from storybook.core.metrics import REGISTRY
from storybook.core.migrations import downgrade, migrate
from storybook.core.time_limits import Limits, at_most, of_service, server_settings
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import Lane
from storybook.main import create_app, make_kit
from storybook.pipeline.holder import LeaseHolder
from storybook.resources import Resources
from storybook.services import accounts, jobs, orders
from storybook.storage.files import FileStorage
from tests.conftest import ROOMY
from tests.fakes import FakePainter

SPEC = BookSpec(topic="a fox", target_age="5-7", style="cartoon", language="en", page_count=4)
MINE = text("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


async def ordered(database: Database) -> str:
    async with database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="pepper"))
        return (await orders.order_book(session, user_id, SPEC, ROOMY)).id


def test_a_service_lets_go_of_a_jobs_row_before_its_lease_is_over() -> None:
    for lease in (2.0, 30.0, 600.0):
        told = server_settings(of_service(lease))
        assert 0 < int(told["idle_in_transaction_session_timeout"]) < 1000 * lease
        assert 0 < int(told["lock_timeout"]) < int(told["statement_timeout"])
    assert not [name for name in server_settings(Limits()) if name.endswith("timeout")]


@pytest.mark.parametrize("goes_on", [True, False], ids=["with a statement", "with the commit"])
async def test_whoever_freezes_in_a_transaction_lets_go_of_it_and_can_try_again(
    database: Database, *, goes_on: bool
) -> None:
    frozen = Database.connect(database.url, pool_size=1, limits=Limits(left_open=0.3))

    async def freeze() -> None:
        async with frozen.session() as session:
            await session.execute(MINE)
            async with asyncio.timeout(20), database.session() as other:
                await other.execute(MINE)
            if goes_on:
                await session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError) as left:
        await freeze()
    assert passes(left.value)
    async with frozen.session() as session:
        await session.execute(MINE)
    await frozen.close()


@pytest.mark.parametrize(
    ("limits", "statement"),
    [(Limits(on_lock=0.2), MINE), (Limits(at_server=0.2), text("SELECT pg_sleep(60)"))],
    ids=["a lock", "a statement"],
)
async def test_what_takes_too_long_is_given_up_by_the_server_and_may_be_tried_again(
    database: Database, limits: Limits, statement: Any
) -> None:
    slow = Database.connect(database.url, pool_size=1, limits=limits)
    async with database.session() as session:
        await session.execute(MINE)
        with pytest.raises(DBAPIError) as given_up:
            async with asyncio.timeout(20), slow.session() as waiting:
                await waiting.execute(statement)
    assert passes(given_up.value)
    await slow.close()


async def test_a_migration_takes_the_time_it_takes(empty_database: Database) -> None:
    limited = Database.connect(empty_database.url, pool_size=1, limits=Limits(on_lock=0.1, at_server=0.5))
    await migrate(empty_database.engine)
    async with empty_database.session() as session:
        await session.execute(MINE)
        migrating = asyncio.create_task(downgrade(limited.engine, "base"))
        await asyncio.sleep(1)
        assert not migrating.done()
    await migrating
    await limited.close()


async def test_a_lease_is_kept_while_all_connections_are_in_use(
    resources: Resources, painter: FakePainter, rows: Rows
) -> None:
    small = Database.connect(resources.database.url, pool_size=2)
    painter.gate.clear()
    settings = resources.settings.model_copy(update={"lease_seconds": 1.0, "heartbeat_seconds": 0.2})
    holder = LeaseHolder(make_kit(replace(resources, database=small)), settings)
    await ordered(small)
    claim = await holder.claim(Lane.BOOKS)
    assert claim
    working = asyncio.create_task(holder.work(claim))
    while not painter.drawing:
        await asyncio.sleep(0.05)
    async with small.session() as one, small.session() as two:
        for session in (one, two):
            await session.execute(text("SELECT 1"))
        await asyncio.sleep(2)
        assert await rows("SELECT fence, lease_until > now() FROM jobs") == [(1, True)]
    painter.gate.set()
    await working
    assert await rows("SELECT status FROM jobs") == [("done",)]
    await small.close()


async def test_a_job_that_is_worked_on_for_too_long_ends(
    resources: Resources, painter: FakePainter, rows: Rows
) -> None:
    painter.gate.clear()
    settings = resources.settings.model_copy(update={"job_sla_seconds": 1, "heartbeat_seconds": 0.4})
    holder = LeaseHolder(make_kit(resources), settings)
    await ordered(resources.database)
    claim = await holder.claim(Lane.BOOKS)
    assert claim
    async with asyncio.timeout(30):
        await holder.work(claim)
    assert await rows("SELECT error_code, held FROM jobs, user_credits") == [("UNKNOWN", 0)]


class Unheard(Database):
    """Loses the answer to the commit that finishes a job."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with super().session() as session:
            yield session
        async with super().session() as session:
            if await session.scalar(text("SELECT 1 FROM jobs WHERE status = 'done'")):
                raise OperationalError("COMMIT", None, ConnectionResetError())


async def test_a_job_is_counted_as_done_also_when_the_answer_to_its_last_word_is_lost(resources: Resources) -> None:
    unheard = Unheard(resources.database.engine)
    holder = LeaseHolder(make_kit(replace(resources, database=unheard)), resources.settings)
    before = books_done()
    await ordered(resources.database)
    claim = await holder.claim(Lane.BOOKS)
    assert claim
    await holder.work(claim)
    assert books_done() == before + 1
    await unheard.reserve.close()


def books_done() -> float:
    """How many this process has counted."""
    counted = REGISTRY.get_sample_value("storybook_jobs_ended_total", {"kind": "book", "outcome": "done"})
    assert counted is not None
    return counted


class HangingStorage(FileStorage):
    async def put(self, key: str, data: bytes, media_type: str) -> None:
        await asyncio.sleep(60)


async def test_a_book_whose_storage_hangs_rests_in_the_queue_and_that_is_no_work(
    resources: Resources, rows: Rows
) -> None:
    storage = HangingStorage(resources.settings.storybook_data_dir / "assets", "")
    kit = replace(make_kit(resources), storage=storage, storage_seconds=1.0)
    holder = LeaseHolder(kit, resources.settings)
    await ordered(resources.database)
    claim = await holder.claim(Lane.BOOKS)
    assert claim
    async with asyncio.timeout(20):
        await holder.work(claim)
    parked = "SELECT status, waits_for, worked_seconds, waited_seconds > 20 FROM jobs"
    assert await rows(parked) == [("queued", "STORAGE_UPLOAD_FAILED", 0, True)]


async def test_a_book_that_is_handed_back_is_taken_by_another_process_at_once(resources: Resources, rows: Rows) -> None:
    await ordered(resources.database)
    async with resources.database.session() as session:
        claim = await jobs.claim_next(session, owner="who stops", lease_seconds=60)
    assert claim
    settings = resources.settings.model_copy(update={"sweep_seconds": 60.0})
    app = create_app(replace(resources, settings=settings))
    async with app.router.lifespan_context(app):
        await asyncio.sleep(0.5)
        async with resources.database.session() as session:
            await jobs.hand_back(session, claim)
        async with asyncio.timeout(20):
            while await rows("SELECT fence FROM jobs") == [(1,)]:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("way", ["alone", "in a transaction"])
async def test_who_stands_still_between_two_words_to_the_server_is_told_of_a_lost_connection(
    database: Database, way: str
) -> None:
    frozen = Database.connect(database.url, pool_size=1, limits=Limits(alone=0.2, in_transaction=0.2))
    await frozen.run(Prepared(select(literal(0))))

    async def ask(number: int) -> object:
        if way == "alone":
            return await frozen.run(Prepared(select(literal(number) + number)))
        async with frozen.session() as session:
            return (await session.execute(select(literal(number) * number))).all()

    async def stand_still_again_and_again() -> None:
        while True:
            time.sleep(0.3)  # noqa: ASYNC251  it is what is tested
            await asyncio.sleep(0)

    standing = asyncio.create_task(stand_still_again_and_again())
    with pytest.raises(DBAPIError) as lost:
        await ask(1)
    assert passes(lost.value)
    standing.cancel()
    assert await ask(2) == [(4,)]
    await frozen.close()


@pytest.mark.parametrize("turns", range(4))
async def test_who_wakes_up_after_the_server_has_hung_up_is_told_of_a_lost_connection(
    database: Database, turns: int
) -> None:
    frozen = Database.connect(database.url, pool_size=1, limits=Limits(left_open=0.2))

    async def sleep_and_go_on() -> None:
        async with frozen.session() as session:
            await session.execute(MINE)
            time.sleep(0.6)  # noqa: ASYNC251  it is what is tested
            for _ in range(turns):
                await asyncio.sleep(0)
            await session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError) as lost:
        await sleep_and_go_on()
    assert passes(lost.value)
    assert await frozen.run(Prepared(select(literal(2)))) == [(2,)]
    await frozen.close()


@pytest.mark.parametrize("turns", range(4))
async def test_a_statement_on_a_connection_that_is_just_being_lost_is_made_at_the_next_try(
    database: Database, turns: int
) -> None:
    opened = Database.connect(database.url, pool_size=1)
    [[pid]] = await opened.run(Prepared(select(func.pg_backend_pid())))
    async with database.session() as session:
        await session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    for _ in range(turns):
        await asyncio.sleep(0)
    assert await patiently(lambda: opened.run(Prepared(select(literal(1))))) == [(1,)]
    await opened.close()


async def test_a_connection_that_was_lost_meanwhile_has_nothing_to_cut() -> None:
    with at_most(0.01, None):
        await asyncio.sleep(0.05)

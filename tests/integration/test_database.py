"""Connections that were lost are replaced before anybody notices."""

import asyncio

import pytest
from sqlalchemy import Integer, String, cast, func, literal, select, text
from sqlalchemy.exc import DBAPIError

from storybook.core.database import Database, Prepared

MINE = text("SELECT pg_backend_pid()")
MY_PID = Prepared(select(func.pg_backend_pid()))
END_THE_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


async def pid(database: Database) -> int:
    async with database.reading() as session:
        return int(await session.scalar(MINE) or 0)


async def lose_all(database: Database) -> None:
    other = Database.connect(database.url, pool_size=1)
    async with other.session() as session:
        await session.execute(END_THE_OTHERS)
    await other.close()
    await asyncio.sleep(0.1)


async def test_a_connection_is_used_again(database: Database) -> None:
    assert await pid(database) == await pid(database)


@pytest.mark.parametrize("trusted_seconds", [0.0, 60.0])
async def test_a_lost_connection_is_replaced(database: Database, trusted_seconds: float) -> None:
    opened = Database.connect(database.url, pool_size=1, trusted_seconds=trusted_seconds)
    first = await pid(opened)
    assert await pid(opened) == first
    await lose_all(opened)
    assert await pid(opened) != first
    async with opened.session() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await opened.close()


async def test_reading_opens_no_transaction(database: Database) -> None:
    async with database.reading() as session:
        first = await session.scalar(text("SELECT txid_current()"))
        assert await session.scalar(text("SELECT txid_current()")) != first
    async with database.session() as session:
        first = await session.scalar(text("SELECT txid_current()"))
        assert await session.scalar(text("SELECT txid_current()")) == first


async def test_a_prepared_statement_is_answered_also_after_its_connections_were_lost(database: Database) -> None:
    opened = Database.connect(database.url, pool_size=1, trusted_seconds=60.0)
    [[first]] = await opened.run(MY_PID)
    assert await opened.run(MY_PID) == [(first,)]
    await lose_all(opened)
    [[second]] = await opened.run(MY_PID)
    assert second != first
    await opened.close()


async def test_a_statement_that_fails_or_is_given_up_leaves_a_connection_for_the_next(
    database: Database,
) -> None:
    opened = Database.connect(database.url, pool_size=1)
    with pytest.raises(DBAPIError):
        await opened.run(Prepared(select(cast("no number", Integer))))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await opened.run(Prepared(select(func.pg_sleep(60).cast(String))))
    async with asyncio.timeout(20):
        assert await opened.run(Prepared(select(literal(1)))) == [(1,)]
    await opened.close()

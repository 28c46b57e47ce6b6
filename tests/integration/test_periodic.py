"""What is done once in every period, by whichever process comes first."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from storybook.core.database import Database
from storybook.core.errors import StorageError
from storybook.services import periodic, turns

EVERY = 0.2
LONG = 3600.0
NOTE_WHAT_IS_TAKEN = """
CREATE FUNCTION note_taken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO taken VALUES (NEW.period); RETURN NEW; END $$
"""
ON_EACH_CHANGE = """
CREATE TRIGGER note AFTER INSERT OR UPDATE ON periodic_runs FOR EACH ROW EXECUTE FUNCTION note_taken()
"""


@pytest.fixture
async def others(database: Database) -> Any:
    """Connections of other processes."""
    opened = [Database.connect(database.url, pool_size=2) for _ in range(3)]
    yield opened
    for each in opened:
        await each.close()


async def test_a_period_is_taken_once_however_many_ask(database: Database, others: list[Database]) -> None:
    for name in ("one", "another"):
        taken = await asyncio.gather(*(turns.take(each, name, LONG) for each in (database, *others) * 5))
        assert sum(turn.ours for turn in taken) == 1
        assert len({turn.period for turn in taken}) == 1


async def test_the_next_period_is_free_again_also_where_the_one_before_was_longer(
    database: Database, rows: Any
) -> None:
    turn = await turns.take(database, "work", 0.1)
    assert turn.ours and 0 < turn.rest <= 0.1
    await asyncio.sleep(turn.rest + 0.01)
    assert (await turns.take(database, "work", 0.1)).ours
    assert await rows("SELECT name FROM periodic_runs") == [("work",)]
    day = await turns.take(database, "settings changed", 86_400)
    assert day.ours and not (await turns.take(database, "settings changed", 86_400)).ours
    hour = await turns.take(database, "settings changed", 1)
    assert hour.ours and hour.period > datetime.now(UTC) - timedelta(seconds=2)


async def test_each_period_is_done_once_while_several_processes_do_the_same(
    database: Database, others: list[Database], rows: Any
) -> None:
    async with database.session() as session:
        await session.execute(text("CREATE TABLE taken (period timestamptz)"))
        await session.execute(text(NOTE_WHAT_IS_TAKEN))
        await session.execute(text(ON_EACH_CHANGE))
    done = 0

    async def do() -> None:
        nonlocal done
        done += 1

    async def process(each: Database) -> None:
        async with periodic.running(each, [periodic.Work("work", EVERY, do)]):
            await asyncio.sleep(12 * EVERY)

    await asyncio.gather(*(process(each) for each in (database, *others)))
    taken = [period for (period,) in await rows("SELECT period FROM taken ORDER BY period")]
    assert len(taken) == len(set(taken)) >= 6
    assert done in {len(taken), len(taken) - 1}  # who ends may have taken the last one
    assert min(later - earlier for earlier, later in pairwise(taken)) > timedelta(seconds=EVERY * 0.99)


async def test_who_dies_or_fails_in_the_middle_is_replaced_in_the_next_period(
    database: Database, others: list[Database]
) -> None:
    begun, finished = asyncio.Event(), asyncio.Event()

    async def never_ends() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def fails() -> None:
        raise StorageError("the disk is away")

    async def ends() -> None:
        finished.set()

    async with asyncio.timeout(30):
        async with periodic.running(others[0], [periodic.Work("work", EVERY, never_ends)]):
            await begun.wait()
        async with periodic.running(others[1], [periodic.Work("work", EVERY, fails)]):
            await asyncio.sleep(2 * EVERY)
            async with periodic.running(database, [periodic.Work("work", EVERY, ends)]):
                await finished.wait()


async def test_a_work_that_nobody_expected_to_fail_stops_neither_itself_nor_the_others(database: Database) -> None:
    tried, done = asyncio.Event(), asyncio.Event()
    failures = 0

    async def fails() -> None:
        nonlocal failures
        failures += 1
        if failures > 1:
            tried.set()
        raise RuntimeError("nobody thought of this")

    async def works() -> None:
        if tried.is_set():
            done.set()

    works_of_a_process = [periodic.Work("one", EVERY, fails), periodic.Work("another", EVERY, works)]
    async with asyncio.timeout(30), periodic.running(database, works_of_a_process):
        await done.wait()


async def test_the_story_of_the_day_is_settled_for_every_day_that_is_today_somewhere(
    database: Database, rows: Any
) -> None:
    await periodic.settle_story(database)
    await periodic.settle_story(database)
    days = {(datetime.now(UTC) + timedelta(hours=hours)).date() for hours in (-12, 14)}
    assert {day for (day,) in await rows("SELECT date FROM daily_stories")} >= days

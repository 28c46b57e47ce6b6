"""The story of the day is settled once, and ordered once by each user."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from storybook.core.database import Database
from storybook.core.errors import PaymentRequired
from storybook.domain.book_spec import Style, TargetAge
from storybook.domain.daily_topics import topic_named, topic_of
from storybook.models import DailyStory
from storybook.services import accounts, daily_stories
from storybook.services.daily_stories import DailyWish
from tests.conftest import ROOMY

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]
NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
DAY = NOW.date()
WISH = DailyWish(TargetAge.TODDLER, Style.CARTOON, 4, None)


async def ask(database: Database, day: date) -> str:
    async with database.session() as session:
        return (await daily_stories.story_of(session, day)).name


async def order(database: Database, user_id: str, now: datetime = NOW) -> str:
    async with database.session() as session:
        return (await daily_stories.order_book(session, user_id, WISH, ROOMY, now)).id


@pytest.fixture
async def user_id(database: Database) -> str:
    async with database.session() as session:
        return await accounts.sign_in(session, b"k" * 32, gifts_per_address=1)


async def test_many_first_readers_settle_one_story_a_day(database: Database, rows: Rows) -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    told = await asyncio.gather(*(ask(database, day) for day in days * 20))
    assert told == [topic_of(day).name for day in days] * 20
    assert await rows("SELECT date FROM daily_stories ORDER BY date") == [(day,) for day in days]


async def test_a_story_that_is_settled_stays_when_the_list_changes(database: Database) -> None:
    async with database.session() as session:
        session.add(DailyStory(date=DAY, theme="growth", topic="growth-3"))
        session.add(DailyStory(date=DAY + timedelta(days=1), theme="growth", topic="a topic of yesteryear"))
    assert topic_of(DAY).name != await ask(database, DAY) == "growth-3"
    assert topic_named("growth-3") is not None
    assert await ask(database, DAY + timedelta(days=1)) == topic_of(DAY + timedelta(days=1)).name


async def test_many_orders_of_a_day_are_one_book(database: Database, user_id: str, rows: Rows) -> None:
    made = await asyncio.gather(*(order(database, user_id) for _ in range(15)))
    assert len(set(made)) == 1
    assert await rows("SELECT credits, held FROM user_credits") == [(2, 1)]
    assert await rows("SELECT date, job_id FROM daily_books") == [(DAY, made[0])]


async def test_the_next_day_has_a_book_of_its_own(database: Database, user_id: str) -> None:
    midnight = datetime(2026, 6, 11, tzinfo=UTC)
    evening = await order(database, user_id, midnight - timedelta(seconds=1))
    assert evening == await order(database, user_id, NOW)
    assert evening != await order(database, user_id, midnight)


async def test_without_a_credit_nothing_is_kept(database: Database, user_id: str, rows: Rows) -> None:
    for number in range(3):
        await order(database, user_id, NOW + timedelta(days=number))
    with pytest.raises(PaymentRequired):
        await order(database, user_id, NOW + timedelta(days=3))
    assert len(await rows("SELECT * FROM daily_books")) == len(await rows("SELECT * FROM jobs")) == 3

"""Quotas: how much may be made for a user and for all, and how many gifts go to a network, however many ask at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from storybook.core.database import Database
from storybook.core.errors import (
    ApiError,
    DailyBooksReached,
    DailyWorkReached,
    PendingBooksReached,
    PendingWorkReached,
    ServiceFull,
)
from storybook.domain.book_spec import BookSpec, Language
from storybook.domain.jobs import JobKind
from storybook.domain.orders import AudioOrder
from storybook.services import accounts, credits, jobs, orders, quotas
from storybook.services.quotas import Quotas
from tests.conftest import ROOMY

SPEC = BookSpec(topic="a fox", target_age="5-7", style="cartoon", language="en")
HUNDRED = 100
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


class Shop:
    """Orders in transactions of their own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def user(self, key: str) -> str:
        """A user with a hundred credits and more."""
        async with self._database.session() as session:
            user_id = await accounts.sign_in(session, accounts.hash_user_key(key, pepper="pepper"))
            await credits.grant(session, user_id, HUNDRED, "a test")
        return user_id

    async def order(self, user_id: str, allowed: Quotas) -> str:
        async with self._database.session() as session:
            return (await orders.order_book(session, user_id, SPEC, allowed)).id

    async def order_voice(self, user_id: str, allowed: Quotas) -> str:
        order = AudioOrder(book_id="a-book", page_number=1, language=Language.EN)
        async with self._database.session() as session:
            return (await jobs.start(session, user_id, JobKind.AUDIO, order, allowed)).id

    async def cancel(self, user_id: str, job_id: str) -> None:
        async with self._database.session() as session:
            await jobs.cancel(session, user_id, job_id)


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


async def refused(wishes: list[Awaitable[str]]) -> list[type[Exception]]:
    """Why the wishes were refused that were."""
    answers = await asyncio.gather(*wishes, return_exceptions=True)
    assert all(isinstance(answer, str | ApiError) for answer in answers), answers
    return [type(answer) for answer in answers if isinstance(answer, Exception)]


@pytest.mark.parametrize(
    ("quota", "reason"), [("pending_books", PendingBooksReached), ("books_per_day", DailyBooksReached)]
)
async def test_a_user_gets_as_many_books_as_allowed_of_all_that_are_ordered_at_once(
    shop: Shop, rows: Rows, quota: str, reason: type[Exception]
) -> None:
    user, other = await shop.user("a-first-user-key"), await shop.user("a-second-user-key")
    allowed = replace(ROOMY, **{quota: 5})
    assert await refused([shop.order(user, allowed) for _ in range(20)]) == [reason] * 15
    assert await refused([shop.order(other, allowed)]) == []
    assert await rows(
        "SELECT held, count(*) FROM jobs JOIN user_credits USING (user_id) GROUP BY user_id, held ORDER BY held"
    ) == [(1, 1), (5, 5)]


async def test_all_users_together_get_as_many_books_as_allowed(shop: Shop, rows: Rows) -> None:
    users = [await shop.user(f"the-user-key-{number}") for number in range(12)]
    allowed = replace(ROOMY, pending_books_in_all=7)
    assert await refused([shop.order(user, allowed) for user in users]) == [ServiceFull] * 5
    assert await rows("SELECT (SELECT count(*) FROM jobs), sum(held) FROM user_credits") == [(7, 7)]


async def test_a_book_that_was_cancelled_makes_room(shop: Shop) -> None:
    user = await shop.user("a-first-user-key")
    allowed = replace(ROOMY, pending_books=1, books_per_day=1, pending_books_in_all=1)
    job_id = await shop.order(user, allowed)
    await shop.cancel(user, job_id)
    assert await refused([shop.order(user, allowed)]) == []


async def test_a_book_that_was_cancelled_while_it_was_made_counts_as_ordered(shop: Shop, database: Database) -> None:
    user = await shop.user("a-first-user-key")
    allowed = replace(ROOMY, books_per_day=1)
    job_id = await shop.order(user, allowed)
    async with database.session() as session:
        assert await jobs.claim_next(session, owner="a runner", lease_seconds=30)
    await shop.cancel(user, job_id)
    assert await refused([shop.order(user, allowed)]) == [DailyBooksReached]


async def test_a_day_later_there_is_room_for_the_days_books(shop: Shop, rows: Rows, database: Database) -> None:
    user = await shop.user("a-first-user-key")
    allowed = replace(ROOMY, books_per_day=1)
    await shop.order(user, allowed)
    await rows("UPDATE jobs SET created_at = now() - interval '23 hours 59 minutes' RETURNING id")
    with pytest.raises(DailyBooksReached) as reached:
        await shop.order(user, allowed)
    assert 50 < (reached.value.retry_after or 0) <= 60
    await rows("UPDATE jobs SET created_at = now() - interval '24 hours' RETURNING id")
    await shop.order(user, allowed)


@pytest.mark.parametrize(
    ("quota", "reason"), [("pending_work", PendingWorkReached), ("work_per_day", DailyWorkReached)]
)
async def test_work_without_a_price_has_bounds_of_its_own(shop: Shop, quota: str, reason: type[Exception]) -> None:
    user = await shop.user("a-first-user-key")
    allowed = replace(ROOMY, pending_books=1, books_per_day=1, **{quota: 3})
    await shop.order(user, allowed)
    assert await refused([shop.order_voice(user, allowed) for _ in range(10)]) == [reason] * 7


async def test_a_network_gets_as_many_gifts_a_day_as_allowed(database: Database, rows: Rows) -> None:
    async def welcome(address: str | None, per_day: int) -> bool:
        async with database.session() as session:
            return await quotas.may_welcome(session, address, per_day)

    assert sum(await asyncio.gather(*(welcome("a network", 5) for _ in range(20)))) == 5
    assert await welcome("another network", 5)
    assert await welcome(None, 0), "a network that is not known is not counted"
    assert not await welcome("a third network", 0)
    await rows("UPDATE gift_counts SET day = day - 2 RETURNING day")
    assert await welcome("a network", 5)
    async with database.session() as session:
        await quotas.forget_old_gifts(session)
    assert await rows("SELECT address, given FROM gift_counts") == [("a network", 1)]

"""The ledger: every move is entered, nothing goes below zero, every hold ends once."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.core.errors import PaymentRequired
from storybook.domain.book_spec import BookSpec
from storybook.domain.credits import WELCOME_GIFT
from storybook.domain.jobs import JobKind
from storybook.models import CreditTransaction, Job, User, UserCredits
from storybook.services import accounts, credits, orders

SPEC = BookSpec(topic="a fox", target_age="5-7", style="cartoon")
KEY_HASH = accounts.hash_user_key("a-key-of-a-user", pepper="pepper")


async def test_a_new_user_gets_the_welcome_gift_once(database: Database) -> None:
    async def sign_in() -> str:
        async with database.session() as session:
            return await accounts.sign_in(session, KEY_HASH)

    users = await asyncio.gather(*(sign_in() for _ in range(15)))
    assert len(set(users)) == 1
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
        assert await credits.balance(session, users[0]) == WELCOME_GIFT


async def test_parallel_requests_never_spend_more_than_there_is(database: Database) -> None:
    async with database.session() as session:
        user_id = await accounts.sign_in(session, KEY_HASH)

    async def ask() -> bool:
        try:
            async with database.session() as session:
                await orders.order_book(session, user_id, SPEC)
        except PaymentRequired:
            return False
        return True

    accepted = await asyncio.gather(*(ask() for _ in range(12)))
    assert sum(accepted) == WELCOME_GIFT
    async with database.session() as session:
        assert await credits.balance(session, user_id) == 0
        assert await session.scalar(select(func.count()).select_from(Job)) == WELCOME_GIFT


@pytest.mark.parametrize(("first", "second"), [("capture", "release"), ("release", "capture"), ("release", "release")])
async def test_a_hold_ends_once(session: AsyncSession, first: str, second: str) -> None:
    user_id = await accounts.sign_in(session, KEY_HASH)
    job = await orders.order_book(session, user_id, SPEC)
    other = await orders.order_book(session, user_id, SPEC)
    assert job.id != other.id
    await getattr(credits, first)(session, user_id, job.id, JobKind.BOOK)
    with pytest.raises(IntegrityError):
        async with session.begin_nested():
            await getattr(credits, second)(session, user_id, job.id, JobKind.BOOK)


async def test_the_cached_balance_is_what_the_ledger_says(session: AsyncSession) -> None:
    user_id = await accounts.sign_in(session, KEY_HASH)
    kept, returned = [await orders.order_book(session, user_id, SPEC) for _ in range(2)]
    await credits.capture(session, user_id, kept.id, JobKind.BOOK)
    await credits.release(session, user_id, returned.id, JobKind.BOOK)
    await credits.grant(session, user_id, 5)
    cached = (await session.scalars(select(UserCredits))).one()
    await session.refresh(cached)
    entries = list(await session.scalars(select(CreditTransaction).order_by(CreditTransaction.id)))

    def sum_of(account: str) -> int:
        return sum(e.amount * ((e.target == account) - (e.source == account)) for e in entries)

    assert (cached.credits, cached.held, cached.total_used) == (sum_of("available"), sum_of("held"), sum_of("spent"))
    assert (cached.credits, cached.held, cached.total_used) == (7, 0, 1)
    assert entries[-1].balance_after == cached.credits

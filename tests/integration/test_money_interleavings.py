"""Two things happen to one user's money at once: it is as if the first had happened first, whatever they are."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.core.errors import StorybookError
from storybook.domain.purchases import ProductKind
from storybook.services import audit, credits
from tests import money
from tests.money import Payment

Purse = tuple[int, ...] | None
LOCKS_WAITED_FOR = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class Life:
    """A user with 1 credit to spend, 2 books under way and 2 done, who bought a pack of 2."""

    def __init__(self) -> None:
        self.user_id = money.new("user")
        self.pack = Payment(money.new("payment"), 2)
        self.jobs = [money.new("job") for _ in range(2)]

    async def begin(self, session: AsyncSession) -> None:
        await money.join(session, self.user_id)
        await money.pay(session, self.user_id, self.pack)
        for _ in range(2):
            await money.order(session, self.user_id, spent := money.new("job"))
            await money.finish(session, self.user_id, spent)
        for job_id in self.jobs:
            await money.order(session, self.user_id, job_id)

    async def welcome(self, session: AsyncSession) -> None:
        await credits.welcome(session, self.user_id)

    async def grant(self, session: AsyncSession) -> None:
        await credits.grant(session, self.user_id, 2, "a reason")

    async def buy(self, session: AsyncSession) -> None:
        await money.pay(session, self.user_id, Payment(money.new("payment"), 3))

    async def renew(self, session: AsyncSession) -> None:
        await money.pay(session, self.user_id, Payment(money.new("payment"), 4, ProductKind.SUBSCRIPTION))

    async def give_again(self, session: AsyncSession) -> None:
        await money.give_again(session, self.user_id, self.pack)

    async def order(self, session: AsyncSession) -> None:
        await money.order(session, self.user_id, money.new("job"))

    async def finish(self, session: AsyncSession) -> None:
        await money.finish(session, self.user_id, self.jobs[0])

    async def fail(self, session: AsyncSession) -> None:
        await money.fail(session, self.user_id, self.jobs[1])

    async def take_back(self, session: AsyncSession) -> None:
        await money.take_back(session, self.user_id, self.pack)

    async def leave(self, session: AsyncSession) -> None:
        await money.leave(session, self.user_id)

    async def purse(self, session: AsyncSession) -> Purse:
        balance = text("SELECT credits, held, owed, total_purchased, total_used FROM user_credits WHERE user_id = :id")
        row = (await session.execute(balance, {"id": self.user_id})).one_or_none()
        return tuple(row) if row else None


OPERATIONS = [name for name in vars(Life) if not name.startswith("_") and name not in {"begin", "purse"}]
Outcome = tuple[bool, bool, Purse]


async def attempt(database: Database, work: Callable[[AsyncSession], Awaitable[None]]) -> bool:
    """False where it is refused."""
    try:
        async with database.session() as session:
            await work(session)
    except (IntegrityError, StorybookError):
        return False
    return True


async def one_after_another(database: Database, life: Life, first: str, second: str) -> Outcome:
    outcome = [await attempt(database, getattr(life, name)) for name in (first, second)]
    async with database.session() as session:
        return outcome[0], outcome[1], await life.purse(session)


async def at_once(database: Database, life: Life, first: str, second: str) -> Outcome:
    """The second begins when the first is done but for its commit, and goes as far as it can."""

    async def hold_back(session: AsyncSession) -> None:
        nonlocal other
        try:
            await getattr(life, first)(session)
        finally:
            other = asyncio.create_task(attempt(database, getattr(life, second)))
            await _until_it_waits(database, other)

    other = asyncio.get_running_loop().create_future()
    went_well = await attempt(database, hold_back)
    outcome = went_well, await other
    async with database.session() as session:
        return *outcome, await life.purse(session)


async def _until_it_waits(database: Database, other: "asyncio.Task[bool]") -> None:
    async with asyncio.timeout(30), database.reading() as session:
        while not other.done() and not await session.scalar(LOCKS_WAITED_FOR):
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("first", OPERATIONS)
async def test_two_at_once_are_one_after_the_other(database: Database, first: str) -> None:
    for second in OPERATIONS:
        serial, parallel = Life(), Life()
        async with database.session() as session:
            await serial.begin(session)
            await parallel.begin(session)
        expected = await one_after_another(database, serial, first, second)
        assert await at_once(database, parallel, first, second) == expected, (first, second)
    async with database.reading() as session:
        assert await audit.examine(session, money.CATALOGUE) == []

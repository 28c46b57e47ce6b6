"""Money against a plain model: whatever happens, in whatever order, and wherever it is cut off.

200 runs of 30 steps, the same ones each time. LEDGER_RUNS=2000 LEDGER_STEPS=50 makes more of them, and another
LEDGER_SEED makes others.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.errors import NotFound, PaymentRequired, StorybookError
from storybook.domain.credits import WELCOME_GIFT
from storybook.domain.purchases import ProductKind
from storybook.services import audit, credits
from tests import money
from tests.conftest import database_for
from tests.money import Payment

RUNS = int(os.environ.get("LEDGER_RUNS", "200"))
STEPS = int(os.environ.get("LEDGER_STEPS", "30"))
SEED = int(os.environ.get("LEDGER_SEED", "0"))
BALANCES = text(
    """
    SELECT user_id, credits, held, owed, total_purchased, total_used, (
        SELECT (SELECT sum(credits + held - owed) FROM user_credits)
            + coalesce(sum(amount) FILTER (WHERE target NOT IN ('available', 'held', 'owed')), 0)
            - coalesce(sum(amount) FILTER (WHERE source NOT IN ('available', 'held', 'owed')), 0)
        FROM credit_transactions
    ) AS all_accounts
    FROM user_credits
    """
)
# A savepoint with one name is prepared once, which makes the whole twice as fast as `begin_nested`.
BEGIN, UNDO = text("SAVEPOINT operation"), text("ROLLBACK TO SAVEPOINT operation")

Operation = Callable[[AsyncSession], Awaitable[None]]
Users = st.integers(0, 1)
Amounts = st.integers(1, 2)
Packs = st.integers(1, 8)
Picks = st.integers(0, 50)
Crashes = st.none() | st.integers(0, 8)


class Crash(Exception):
    """The process is gone."""


class World:
    """One connection to a database; each run is a transaction that is rolled back."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        self._runner = runner
        self._engine = create_async_engine(url)
        self._connection: AsyncConnection = runner.run(self._connect())
        self._statements_left: int | None = None
        self.session = AsyncSession(self._connection, expire_on_commit=False)
        self.crashes = 0
        event.listen(self._engine.sync_engine, "before_cursor_execute", self._maybe_crash)

    async def _connect(self) -> AsyncConnection:
        return await self._engine.connect()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def begin_anew(self) -> None:
        self.run(self.session.rollback())

    def close(self) -> None:
        self.run(self.session.rollback())
        self.run(self._connection.close())
        self.run(self._engine.dispose())

    async def do(self, operation: Operation, crash_after: int | None = None) -> None:
        """The operation as a transaction of its own, which is cut off after so many statements."""
        await self.session.execute(BEGIN)
        self._statements_left = crash_after
        try:
            await operation(self.session)
            self._maybe_crash()
        except BaseException:
            self._statements_left = None
            await self.session.execute(UNDO)
            raise
        self._statements_left = None

    def _maybe_crash(self, *_: object) -> None:
        if self._statements_left is None:
            return
        if self._statements_left == 0:
            self.crashes += 1
            raise Crash
        self._statements_left -= 1


class Purse(Counter[str]):
    """The model of one user: plain numbers by the names of the balance."""

    def gain(self, amount: int) -> None:
        settled = min(amount, self["owed"])
        self["owed"] -= settled
        self["credits"] += amount - settled

    def lose(self, amount: int) -> None:
        taken = min(amount, self["credits"])
        self["credits"] -= taken
        self["owed"] += amount - taken


async def order_all(session: AsyncSession, user_id: str, job_ids: list[str]) -> None:
    for job_id in job_ids:
        await money.order(session, user_id, job_id)


class Money(RuleBasedStateMachine):
    """Two users. `under_way` and `ended` are jobs, `paid` and `refunded` payments, each with its owner."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        world.begin_anew()
        self.users = [money.new("user"), money.new("user")]
        self.purses: dict[str, Purse] = {}
        self.under_way: list[tuple[str, str]] = []
        self.ended: list[tuple[str, str]] = []
        self.paid: list[tuple[str, Payment]] = []
        self.refunded: list[tuple[str, Payment]] = []
        for user_id in self.users:
            self.join(user_id, None)

    def done(self, crash_after: int | None, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Does it; after a crash nothing of it is there, and it is done again."""

        def operation(session: AsyncSession) -> Awaitable[None]:
            return work(session, *args)

        if crash_after is not None:
            try:
                self.world.run(self.world.do(operation, crash_after))
            except Crash:
                self.check()
            else:
                return
        self.world.run(self.world.do(operation))

    def refused(self, refusals: tuple[type[Exception], ...], work: Callable[..., Awaitable[None]], *args: Any) -> None:
        with pytest.raises(refusals):
            self.world.run(self.world.do(lambda session: work(session, *args)))

    def join(self, user_id: str, crash_after: int | None) -> None:
        self.done(crash_after, money.join, user_id)
        self.purses[user_id] = Purse(credits=WELCOME_GIFT)

    @rule(user=Users)
    def welcome_again(self, user: int) -> None:
        self.refused((IntegrityError,), credits.welcome, self.users[user])

    @rule(user=Users, amount=Amounts, crash=Crashes)
    def grant(self, user: int, amount: int, crash: int | None) -> None:
        user_id = self.users[user]
        self.done(crash, credits.grant, user_id, amount, "a reason")
        self.purses[user_id].gain(amount)

    @rule(user=Users, amount=Packs, kind=st.sampled_from(ProductKind), crash=Crashes)
    def pay(self, user: int, amount: int, kind: ProductKind, crash: int | None) -> None:
        user_id, payment = self.users[user], Payment(money.new("payment"), amount, kind)
        self.done(crash, money.pay, user_id, payment)
        self.purses[user_id].gain(amount)
        self.purses[user_id]["total_purchased"] += amount
        self.paid.append((user_id, payment))

    @precondition(lambda self: self.paid)
    @rule(pick=Picks, user=Users)
    def hear_of_a_payment_again(self, pick: int, user: int) -> None:
        owner, payment = self.paid[pick % len(self.paid)]
        self.done(None, money.pay, self.users[user], payment)
        if owner == self.users[user]:
            self.done(None, money.enter, owner, payment)
        else:
            self.refused((IntegrityError,), money.enter, self.users[user], payment)

    @rule(user=Users, books=st.integers(1, 6), crash=Crashes)
    def order(self, user: int, books: int, crash: int | None) -> None:
        user_id, job_ids = self.users[user], [money.new("job") for _ in range(books)]
        if self.purses[user_id]["credits"] < books:
            self.refused((PaymentRequired,), order_all, user_id, job_ids)
            return
        self.done(crash, order_all, user_id, job_ids)
        self.purses[user_id].update(credits=-books, held=books)
        self.under_way += [(user_id, job_id) for job_id in job_ids]

    @precondition(lambda self: self.under_way)
    @rule(pick=Picks, crash=Crashes)
    def finish(self, pick: int, crash: int | None) -> None:
        user_id, job_id = self.under_way.pop(pick % len(self.under_way))
        self.done(crash, money.finish, user_id, job_id)
        self.purses[user_id].update(held=-1, total_used=1)
        self.ended.append((user_id, job_id))

    @precondition(lambda self: self.under_way)
    @rule(pick=Picks, crash=Crashes)
    def fail(self, pick: int, crash: int | None) -> None:
        user_id, job_id = self.under_way.pop(pick % len(self.under_way))
        self.done(crash, money.fail, user_id, job_id)
        self.purses[user_id]["held"] -= 1
        self.purses[user_id].gain(1)
        self.ended.append((user_id, job_id))

    @precondition(lambda self: self.ended)
    @rule(pick=Picks, end=st.sampled_from([credits.capture, credits.release]))
    def end_again(self, pick: int, end: Callable[..., Awaitable[None]]) -> None:
        self.refused((IntegrityError, StorybookError), end, *self.ended[pick % len(self.ended)])

    @precondition(lambda self: self.paid)
    @rule(pick=Picks, crash=Crashes)
    def take_back(self, pick: int, crash: int | None) -> None:
        user_id, payment = self.paid.pop(pick % len(self.paid))
        self.done(crash, money.take_back, user_id, payment)
        self.purses[user_id].lose(payment.credits)
        self.refunded.append((user_id, payment))

    @precondition(lambda self: self.refunded)
    @rule(pick=Picks)
    def take_back_again(self, pick: int) -> None:
        self.done(None, money.take_back, *self.refunded[pick % len(self.refunded)])

    @precondition(lambda self: self.refunded)
    @rule(pick=Picks, crash=Crashes)
    def give_again(self, pick: int, crash: int | None) -> None:
        user_id, payment = self.refunded.pop(pick % len(self.refunded))
        self.done(crash, money.give_again, user_id, payment)
        self.purses[user_id].gain(payment.credits)
        self.paid.append((user_id, payment))

    @rule(user=Users, crash=Crashes)
    def leave_and_come_anew(self, user: int, crash: int | None) -> None:
        user_id = self.users[user]
        self.done(crash, money.leave, user_id)
        del self.purses[user_id]
        for mine in (self.under_way, self.ended, self.paid, self.refunded):
            mine[:] = [each for each in mine if each[0] != user_id]
        self.refused((NotFound,), credits.grant, user_id, 1, "too late")
        self.users[user] = money.new("user")
        self.join(self.users[user], crash)

    @invariant()
    def check(self) -> None:
        """Nothing is below zero, the balances are those of the model, all accounts are zero, the audit is content."""
        self.world.run(self._check())

    async def _check(self) -> None:
        rows = [dict(row) for row in (await self.world.session.execute(BALANCES)).mappings()]
        assert {row.pop("all_accounts") for row in rows} == {0}
        found = {row.pop("user_id"): Purse(row) for row in rows}
        assert found == self.purses
        assert all(number >= 0 for purse in found.values() for number in purse.values())
        assert await audit.examine(self.world.session, money.CATALOGUE) == []


@pytest.mark.parametrize("half", [1, pytest.param(2, marks=pytest.mark.long)])
def test_money_is_never_made_nor_lost(postgres: EmbeddedPostgres, template: str, half: int) -> None:
    plan = settings(
        max_examples=RUNS // 2,
        stateful_step_count=STEPS,
        print_blob=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    with database_for(postgres, template) as url, asyncio.Runner() as runner:
        world = World(runner, url)

        @seed(SEED + half)
        def begin() -> Money:
            return Money(world)

        try:
            run_state_machine_as_test(begin, settings=plan)
        finally:
            world.close()
    assert world.crashes > RUNS // 2

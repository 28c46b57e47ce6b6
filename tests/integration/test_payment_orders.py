"""News and receipts come in any order, twice and at once: what they leave behind is the same."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from storybook.core.database import Database
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.domain.purchases import Period, Store, shares
from storybook.domain.receipts import News, NewsKind, Payment, RefundedReceipt
from storybook.services import accounts, audit, purchases
from storybook.services.subscriptions import Due
from tests.conftest import database_for
from tests.receipts import BASIC, PACK, PREMIUM, payment

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
GIFT = 3
_numbers = itertools.count(1)


class Step(NamedTuple):
    """`kind` None: the user shows the receipt."""

    kind: NewsKind | None
    of: Payment
    at: datetime = NOW


def paid(product: str = BASIC, days: int = -5, original: str | None = None, **changes: Any) -> Payment:
    number = f"order {next(_numbers)}"
    told = payment(product, transaction_id=number, began=NOW + days * DAY, **changes)
    return Payment.model_validate(told | {"store": "google", "original_transaction_id": original or number})


class Life:
    """One user in one database."""

    def __init__(self, database: Database, user_id: str) -> None:
        self.database = database
        self.user_id = user_id

    @classmethod
    async def begin(cls, database: Database) -> "Life":
        async with database.session() as session:
            return cls(database, await accounts.sign_in(session, f"key {next(_numbers):028}".encode()))

    async def live(self, *steps: Step) -> None:
        for step in steps:
            await self.take(step)

    async def take(self, step: Step) -> None:
        async with self.database.session() as session:
            if step.kind is None:
                with suppress(RefundedReceipt):
                    await purchases.apply(session, self.user_id, step.of)
                return
            about = step.of
            news = News(
                store=about.store,
                notification_id=f"news {next(_numbers)}",
                kind=step.kind,
                told_at=step.at,
                transaction_id=about.transaction_id,
                original_transaction_id=about.original_transaction_id,
                payment=about,
            )
            await purchases.hear(session, news)

    async def end(self) -> tuple[Any, ...]:
        """What can be spent or is owed, and the plan, after which the ledger is right."""
        async with self.database.session() as session:
            mine = {"id": self.user_id}
            money = await session.execute(text("SELECT credits - owed FROM user_credits WHERE user_id = :id"), mine)
            plan = "SELECT plan, status, current_period_start, current_period_end FROM subscriptions"
            plans = await session.execute(text(f"{plan} WHERE user_id = :id AND status <> 'expired'"), mine)
            assert await audit.examine(session) == []
            return money.scalar_one(), [tuple(row) for row in plans]


async def ends(database: Database, steps: Sequence[Step]) -> tuple[Any, ...]:
    life = await Life.begin(database)
    await life.live(*steps)
    return await life.end()


def anew(steps: Sequence[Step]) -> list[Step]:
    """The same with payments of other names."""
    names = {step.of.transaction_id: f"order {next(_numbers)}" for step in steps}
    names |= {step.of.original_transaction_id: f"order {next(_numbers)}" for step in steps} | names
    tag = f" of {next(_numbers)}"

    def named(of: Payment) -> Payment:
        tokens = {name: token + tag for name in ("token", "replaced_token") if (token := getattr(of, name))}
        ids = {name: names[getattr(of, name)] for name in ("transaction_id", "original_transaction_id")}
        return of.model_copy(update=ids | tokens)

    return [step._replace(of=named(step.of)) for step in steps]


async def all_ends(database: Database, steps: Sequence[Step]) -> set[str]:
    return {str(await ends(database, anew(order))) for order in itertools.permutations(steps)}


@pytest.mark.parametrize("of", ["basic", "premium", "both"])
async def test_a_refund_beside_a_change_of_plan_leaves_the_best_that_is_still_paid(database: Database, of: str) -> None:
    basic = paid()
    premium = paid(PREMIUM, original=basic.transaction_id)
    steps = [Step(NewsKind.PAID, basic), Step(NewsKind.PAID, premium)]
    if of in {"basic", "both"}:
        steps.append(Step(NewsKind.REFUNDED, basic))
    if of in {"premium", "both"}:
        steps.append(Step(NewsKind.REFUNDED, premium))
    else:
        steps.append(Step(None, premium))
    if of == "premium":
        steps.append(Step(None, basic))
    found = await all_ends(database, steps)
    assert len(found) == 1
    left = {"basic": 50, "premium": 15, "both": 0}[of]
    assert found.pop().startswith(f"({GIFT + left},")


async def test_a_refunded_period_is_not_paid_again_by_late_news(database: Database) -> None:
    first = paid(days=-25)
    renewed = paid(days=5, original=first.transaction_id)
    life = await Life.begin(database)
    await life.live(Step(None, first), Step(NewsKind.PAID, renewed), Step(NewsKind.REFUNDED, renewed))
    before = await life.end()
    await life.take(Step(NewsKind.PAID, renewed))
    async with database.session():
        await purchases.settle_due(database, Due(Store.GOOGLE, first.original_transaction_id, None), renewed)
    assert await life.end() == before
    assert before[1][0][3] == first.period_end


@pytest.mark.parametrize("product", [PACK, BASIC])
async def test_a_reversed_refund_gives_back_once_in_any_order(database: Database, product: str) -> None:
    bought = paid(product)
    steps = [
        Step(None, bought),
        Step(NewsKind.REFUNDED, bought, NOW + DAY),
        Step(NewsKind.REVERSED, bought, NOW + 2 * DAY),
        Step(NewsKind.REVERSED, bought, NOW + 2 * DAY),
    ]
    brings = 5 if product == PACK else 15
    found = set()
    for order in itertools.permutations(steps):
        life = await Life.begin(database)
        await life.live(*(steps := anew(order)), Step(None, steps[0].of))
        found.add(str(await life.end()))
        await life.take(Step(NewsKind.REFUNDED, steps[0].of, NOW + 3 * DAY))
        assert await life.end() == (GIFT, [])
    assert len(found) == 1
    assert found.pop().startswith(f"({GIFT + brings},")


@pytest.mark.parametrize("names", [["A", "B"], ["A", "B", "C"], ["B", "A", "C"]])
async def test_a_chain_of_changes_is_one_subscription_whichever_is_seen_first(
    database: Database, names: list[str]
) -> None:
    chain = [
        paid(product, token=name, replaced_token=before)
        for product, name, before in zip([BASIC, PREMIUM, BASIC], names, [None, *names], strict=False)
    ]
    found = await all_ends(database, [Step(None, each) for each in chain])
    assert len(found) == 1
    assert found.pop().startswith(f"({GIFT + 50},")


async def test_changes_that_are_seen_at_once_are_one_subscription(database: Database) -> None:
    for number in range(5):
        life = await Life.begin(database)
        old = paid(token=f"old {number}")
        new = paid(PREMIUM, token=f"new {number}", replaced_token=old.token)
        newest = paid(token=f"newest {number}", replaced_token=new.token)
        shown = [Step(kind, each) for each in (old, new, newest) for kind in (None, NewsKind.PAID)]
        await asyncio.gather(*(life.take(step) for step in shown * 2))
        assert (await life.end())[0] == GIFT + 50


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, template: str) -> Iterator[tuple[asyncio.Runner, Database]]:
    with database_for(postgres, template) as url, asyncio.Runner() as runner:
        database = Database.connect(url, pool_size=2)
        yield runner, database
        runner.run(database.close())


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Payments of one subscription, some refunded and some of these reversed; one of them is shown, and kept."""
    shown = paid(draw(st.sampled_from([BASIC, PREMIUM])), draw(st.integers(-20, -1)), token="token 0")
    steps = [Step(None, shown)]
    before = shown
    for number in range(draw(st.integers(1, 4))):
        tied = draw(st.booleans())
        before = paid(
            draw(st.sampled_from([BASIC, PREMIUM])),
            draw(st.integers(-29, -1)),
            None if tied else before.original_transaction_id,
            token=f"token {number + 1}" if tied else before.token,
            replaced_token=before.token if tied else None,
            free=draw(st.integers(0, 5)) == 0,
        )
        steps.append(Step(NewsKind.PAID, before))
        said = draw(st.sampled_from([(), (NewsKind.REFUNDED,), (NewsKind.REFUNDED, NewsKind.REVERSED)]))
        steps += [Step(kind, before, NOW + day * DAY) for day, kind in enumerate(said)]
    return steps


@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps=histories(), data=st.data())
def test_no_order_of_news_changes_what_they_leave_behind(
    world: tuple[asyncio.Runner, Database], steps: list[Step], data: st.DataObject
) -> None:
    runner, database = world
    expected = runner.run(ends(database, anew(steps)))
    for _ in range(3):
        order = data.draw(st.permutations([*steps, *data.draw(st.lists(st.sampled_from(steps), max_size=3))]))
        assert runner.run(ends(database, anew(order))) == expected


@st.composite
def periods(draw: st.DrawFn) -> Period:
    began = NOW + draw(st.integers(0, 60)) * DAY
    return Period(began, began + draw(st.integers(1, 40)) * DAY, draw(st.sampled_from([0, 15, 50])))


@given(st.lists(periods(), max_size=7), st.randoms())
@example([Period(NOW + day * DAY, NOW + (day + 30) * DAY, 15) for day in (14, 0, 28)], None)
def test_the_sum_of_the_shares_is_that_of_the_best_payments_in_any_order(paid_for: list[Period], chance: Any) -> None:
    found = shares(paid_for)
    choices = (
        each
        for size in range(len(paid_for) + 1)
        for each in itertools.combinations(paid_for, size)
        if not any(one.is_for_the_time_of(other) for one, other in itertools.combinations(each, 2))
    )
    assert sum(found) == max(sum(each.credits for each in choice) for choice in choices)
    assert all(0 <= share <= period.credits for share, period in zip(found, paid_for, strict=True))
    mixed = list(paid_for)
    if chance:
        chance.shuffle(mixed)
    assert sum(shares(mixed)) == sum(found)

"""Plans over time: each paid period brings its credits once, whoever hears of it first and however often."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from storybook.core.database import Database
from storybook.domain.purchases import Product, Store
from storybook.domain.receipts import ClaimedReceipt, ExpiredReceipt, News, NewsKind, Payment, StoreAway
from storybook.services import account, accounts, credits, periodic, purchases, subscriptions
from storybook.stores.registry import Stores
from tests.receipts import BASIC, MONTH, PACK, PREMIUM, payment

GIFT = 3
HOUR = timedelta(hours=1)


@dataclass
class FakeStore:
    """Knows the newest payment of each subscription, and can be away."""

    newest: dict[str, Payment] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False

    async def verify(self, receipt: str) -> Payment:
        raise NotImplementedError

    async def read_news(self, body: bytes, headers: Mapping[str, str]) -> News | None:
        raise NotImplementedError

    async def renewal(self, original_transaction_id: str, token: str | None) -> Payment | None:
        self.asked.append((original_transaction_id, token))
        await asyncio.sleep(0.01)
        if self.away:
            raise StoreAway
        return self.newest.get(original_transaction_id)

    async def confirm(self, product: Product, token: str) -> None:
        if self.away:
            raise StoreAway
        self.told.append((product.id, token))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def stores(store: FakeStore) -> Stores:
    return Stores({Store.GOOGLE: store}, sandbox=False)


@pytest.fixture
async def user_id(database: Database) -> str:
    async with database.session() as session:
        return await accounts.sign_in(session, b"k" * 32)


@pytest.fixture
async def other_process(database: Database) -> AsyncIterator[Database]:
    opened = Database.connect(database.url, pool_size=5)
    yield opened
    await opened.close()


def paid(product_id: str = BASIC, **changes: Any) -> Payment:
    return Payment.model_validate({"store": "google"} | payment(product_id, **changes))


def next_period(of: Payment, **changes: Any) -> Payment:
    return paid(
        **{"began": of.period_end, "original_transaction_id": of.original_transaction_id, "token": of.token} | changes
    )


def told(kind: NewsKind, about: Payment, *, at: datetime | None = None) -> News:
    return News(
        store=about.store,
        notification_id=f"{kind} {about.transaction_id} {at}",
        kind=kind,
        told_at=at or datetime.now(UTC),
        transaction_id=about.transaction_id,
        original_transaction_id=about.original_transaction_id,
        payment=about,
    )


async def apply(database: Database, user_id: str, shown: Payment) -> None:
    async with database.session() as session:
        await purchases.apply(session, user_id, shown)


async def hear(database: Database, news: News) -> None:
    async with database.session() as session:
        await purchases.hear(session, news)


async def balance(database: Database, user_id: str) -> int:
    async with database.session() as session:
        return await credits.balance(session, user_id)


async def over(database: Database, period: Payment) -> Payment:
    """A month passes for every subscription; the payment as it is then."""
    async with database.session() as session:
        await session.execute(
            text(
                "UPDATE subscriptions SET checked_at = NULL, "
                "current_period_start = current_period_start - interval '30 days', "
                "current_period_end = current_period_end - interval '30 days'"
            )
        )
        await session.execute(text("UPDATE store_renewals SET told_at = told_at - interval '30 days'"))
        await session.execute(
            text(
                "UPDATE store_transactions SET period_end = period_end - interval '30 days', "
                "purchased_at = purchased_at - interval '30 days'"
            )
        )
    assert period.period_end
    dates = {"period_end": period.period_end - MONTH, "purchased_at": period.purchased_at - MONTH}
    return period.model_copy(update=dates)


@pytest.fixture
async def ended(database: Database, user_id: str) -> Payment:
    """A subscription whose first period is over."""
    first = paid(token="a token", began=datetime.now(UTC) - HOUR)
    await apply(database, user_id, first)
    return await over(database, first)


async def test_a_renewal_that_the_store_knows_of_brings_its_credits(
    database: Database, stores: Stores, store: FakeStore, user_id: str, ended: Payment, rows: Any
) -> None:
    store.newest[ended.original_transaction_id] = next_period(ended)
    await periodic.renew_due(database, stores)
    assert store.asked == [(ended.original_transaction_id, "a token")]
    assert await balance(database, user_id) == GIFT + 15 + 15
    assert await rows("SELECT status, current_period_end > now() FROM subscriptions") == [("active", True)]


async def test_two_processes_and_the_stores_own_news_renew_once(
    database: Database, other_process: Database, stores: Stores, store: FakeStore, user_id: str, ended: Payment
) -> None:
    renewed = next_period(ended)
    store.newest[ended.original_transaction_id] = renewed
    sweeps = [periodic.renew_due(each, stores) for each in (database, other_process) * 5]
    heard = [hear(each, told(NewsKind.PAID, renewed)) for each in (database, other_process) * 5]
    await asyncio.gather(*sweeps, *heard)
    assert await balance(database, user_id) == GIFT + 15 + 15
    assert len(store.asked) <= 1


async def test_a_subscription_without_a_renewal_expires(
    database: Database, stores: Stores, store: FakeStore, user_id: str, ended: Payment, rows: Any
) -> None:
    store.newest[ended.original_transaction_id] = ended
    await periodic.renew_due(database, stores)
    await periodic.renew_due(database, stores)
    assert await rows("SELECT status FROM subscriptions") == [("expired",)]
    assert len(store.asked) == 1
    assert await balance(database, user_id) == GIFT + 15


async def test_a_store_that_is_away_changes_nothing_and_is_left_alone_for_a_while(
    database: Database, stores: Stores, store: FakeStore, ended: Payment, rows: Any
) -> None:
    store.away = True
    for _ in range(3):
        await periodic.renew_due(database, stores)
    assert await rows("SELECT status FROM subscriptions") == [("active",)]
    assert len(store.asked) == 1


async def test_a_store_that_is_not_set_up_any_more_changes_nothing(
    database: Database, ended: Payment, rows: Any
) -> None:
    await periodic.renew_due(database, Stores({}, sandbox=False))
    assert await rows("SELECT status FROM subscriptions") == [("active",)]


async def test_a_period_that_the_store_lets_run_on_brings_nothing_and_does_not_end(
    database: Database, stores: Stores, store: FakeStore, user_id: str, ended: Payment, rows: Any
) -> None:
    graceful = ended.model_copy(update={"period_end": datetime.now(UTC) + timedelta(days=3)})
    store.newest[ended.original_transaction_id] = graceful
    await periodic.renew_due(database, stores)
    assert await rows("SELECT status, current_period_end > now() FROM subscriptions") == [("active", True)]
    assert await balance(database, user_id) == GIFT + 15


async def test_an_expired_plan_comes_back_with_its_next_payment(
    database: Database, stores: Stores, user_id: str, ended: Payment, rows: Any
) -> None:
    await periodic.renew_due(database, stores)
    await hear(database, told(NewsKind.PAID, next_period(ended)))
    assert await rows("SELECT status FROM subscriptions") == [("active",)]
    assert await balance(database, user_id) == GIFT + 15 + 15


async def test_somebody_who_cancelled_here_and_pays_on_gets_what_was_paid(
    database: Database, stores: Stores, store: FakeStore, user_id: str, rows: Any
) -> None:
    first = paid(began=datetime.now(UTC) - HOUR)
    await apply(database, user_id, first)
    async with database.session() as session:
        await subscriptions.cancel(session, user_id)
    store.newest[first.original_transaction_id] = next_period(await over(database, first))
    await periodic.renew_due(database, stores)
    assert await rows("SELECT status FROM subscriptions") == [("active",)]
    assert await balance(database, user_id) == GIFT + 15 + 15


async def test_a_cancellation_is_known_however_late_the_renewal_before_it_is_heard_of(
    database: Database, ended: Payment, rows: Any
) -> None:
    renewed = next_period(ended)
    await hear(database, told(NewsKind.CANCELLED, renewed, at=datetime.now(UTC)))
    await hear(database, told(NewsKind.PAID, renewed))
    assert await rows("SELECT status FROM subscriptions") == [("cancelled",)]


async def test_the_newest_word_about_a_renewal_counts(database: Database, user_id: str, rows: Any) -> None:
    first = paid()
    await apply(database, user_id, first)
    now = datetime.now(UTC)
    await hear(database, told(NewsKind.RESUMED, first, at=now + 2 * HOUR))
    await hear(database, told(NewsKind.CANCELLED, first, at=now + HOUR))
    assert await rows("SELECT status FROM subscriptions") == [("active",)]
    await hear(database, told(NewsKind.CANCELLED, first, at=now + 3 * HOUR))
    assert await rows("SELECT status FROM subscriptions") == [("cancelled",)]


async def test_news_of_an_end_do_not_end_what_was_renewed_since(
    database: Database, user_id: str, ended: Payment, rows: Any
) -> None:
    await hear(database, told(NewsKind.PAID, next_period(ended)))
    await hear(database, told(NewsKind.ENDED, ended))
    assert await rows("SELECT status FROM subscriptions") == [("active",)]


async def test_a_refund_of_the_running_period_ends_the_plan_and_takes_its_credits(
    database: Database, user_id: str, rows: Any
) -> None:
    first = paid()
    await apply(database, user_id, first)
    await asyncio.gather(*(hear(database, told(NewsKind.REFUNDED, first, at=None)) for _ in range(5)))
    assert await rows("SELECT status FROM subscriptions") == [("expired",)]
    assert await balance(database, user_id) == GIFT


async def test_a_refund_of_an_earlier_period_leaves_the_plan_running(
    database: Database, user_id: str, ended: Payment, rows: Any
) -> None:
    await hear(database, told(NewsKind.PAID, next_period(ended)))
    await hear(database, told(NewsKind.REFUNDED, ended))
    assert await rows("SELECT status FROM subscriptions") == [("active",)]
    assert await balance(database, user_id) == GIFT + 15


async def test_a_renewal_of_somebody_unknown_is_refunded_before_it_is_claimed(database: Database, user_id: str) -> None:
    first = paid(began=datetime.now(UTC) - MONTH + HOUR)
    renewed = next_period(first)
    await hear(database, told(NewsKind.REFUNDED, renewed))
    await hear(database, told(NewsKind.PAID, renewed))
    await apply(database, user_id, first)
    assert await balance(database, user_id) == GIFT + 15


async def test_a_refund_of_a_renewal_leaves_the_period_before_it_that_is_still_paid(
    database: Database, user_id: str, rows: Any
) -> None:
    first = paid(began=datetime.now(UTC) - MONTH + HOUR)
    await apply(database, user_id, first)
    renewed = next_period(first)
    await hear(database, told(NewsKind.PAID, renewed))
    await hear(database, told(NewsKind.REFUNDED, renewed))
    assert await rows("SELECT status, current_period_end FROM subscriptions") == [("active", first.period_end)]
    assert await balance(database, user_id) == GIFT + 15


@pytest.mark.parametrize("order", list(itertools.permutations(["paid", "cancelled", "resumed", "cancelled again"])))
async def test_what_was_told_of_a_renewal_counts_whenever_the_subscription_is_claimed(
    database: Database, user_id: str, rows: Any, order: tuple[str, ...]
) -> None:
    first = paid()
    words = {
        "paid": told(NewsKind.PAID, first),
        "cancelled": told(NewsKind.CANCELLED, first, at=first.purchased_at + HOUR),
        "resumed": told(NewsKind.RESUMED, first, at=first.purchased_at + 2 * HOUR),
        "cancelled again": told(NewsKind.CANCELLED, first, at=first.purchased_at + 3 * HOUR),
    }
    for number, word in enumerate(order):
        if number == 2:
            await apply(database, user_id, first)
        await hear(database, words[word])
    assert await rows("SELECT status FROM subscriptions") == [("cancelled",)]
    assert await balance(database, user_id) == GIFT + 15


async def test_changes_of_the_plan_within_one_period_bring_no_more_than_the_best_plan(
    database: Database, user_id: str, rows: Any
) -> None:
    """At Google each change is a new purchase, which names the token of the one before."""
    token = "token 0"
    await apply(database, user_id, paid(BASIC, token=token))
    for number, product in enumerate([PREMIUM, BASIC, PREMIUM], start=1):
        changed = paid(product, token=f"token {number}", replaced_token=token)
        token = f"token {number}"
        await apply(database, user_id, changed)
        await hear(database, told(NewsKind.PAID, changed))
        assert await balance(database, user_id) == GIFT + 50
    assert await rows("SELECT count(*) FROM subscriptions") == [(1,)]


async def test_a_trial_starts_the_plan_and_brings_nothing(database: Database, user_id: str, rows: Any) -> None:
    await apply(database, user_id, paid(free=True))
    assert await rows("SELECT plan, status FROM subscriptions") == [("basic", "active")]
    assert await balance(database, user_id) == GIFT


async def test_the_tokens_of_a_user_who_goes_are_kept_only_until_the_store_has_heard(
    database: Database, stores: Stores, user_id: str, rows: Any
) -> None:
    await apply(database, user_id, paid(token="done"))
    await apply(database, user_id, paid(PACK, token="to tell", to_confirm=True))
    await account.remove(database, user_id)
    assert await rows("SELECT token FROM store_transactions WHERE token IS NOT NULL") == [("to tell",)]
    await periodic.confirm_due(database, stores)
    assert await rows("SELECT token FROM store_transactions WHERE token IS NOT NULL") == []


async def test_an_old_period_alone_is_worth_nothing(database: Database, user_id: str, rows: Any) -> None:
    with pytest.raises(ExpiredReceipt):
        await apply(database, user_id, paid(began=datetime.now(UTC) - 2 * MONTH))
    assert await rows("SELECT count(*) FROM store_transactions") == [(0,)]


async def test_a_receipt_is_worth_nothing_after_the_account_that_showed_it_is_gone(
    database: Database, user_id: str, rows: Any
) -> None:
    pack = paid(PACK)
    await apply(database, user_id, pack)
    async with database.session() as session:
        await session.execute(text("DELETE FROM users"))
        another = await accounts.sign_in(session, b"o" * 32)
    with pytest.raises(ClaimedReceipt):
        await apply(database, another, pack)
    await hear(database, told(NewsKind.REFUNDED, pack))
    assert await balance(database, another) == GIFT


async def test_fifty_users_with_one_receipt_make_one_grant(database: Database, rows: Any) -> None:
    async with database.session() as session:
        users = [await accounts.sign_in(session, bytes([number]) * 32) for number in range(50)]
    pack = paid(PACK)
    results = await asyncio.gather(*(apply(database, user, pack) for user in users), return_exceptions=True)
    assert results.count(None) == 1
    assert {type(result).__name__ for result in results} == {"NoneType", "ClaimedReceipt"}
    assert await rows("SELECT amount FROM credit_transactions WHERE transaction_type = 'purchase'") == [(5,)]


async def test_two_users_who_show_two_periods_of_one_plan_at_once_do_not_share_it(
    database: Database, user_id: str, rows: Any
) -> None:
    first = paid(began=datetime.now(UTC) - MONTH + HOUR)
    async with database.session() as session:
        another = await accounts.sign_in(session, b"o" * 32)
    async with database.session() as session:
        await purchases.apply(session, user_id, first)
        second = asyncio.create_task(apply(database, another, next_period(first)))
        await asyncio.sleep(0.2)
    with pytest.raises(ClaimedReceipt):
        await second
    assert await balance(database, another) == GIFT


async def test_claims_refunds_and_renewals_at_once_never_wait_for_each_other_in_a_circle(
    database: Database, other_process: Database, user_id: str, rows: Any
) -> None:
    firsts = [paid(began=datetime.now(UTC) - MONTH + HOUR) for _ in range(4)]
    renewals = [next_period(first) for first in firsts]
    work = [
        *(apply(database, user_id, first) for first in firsts),
        *(hear(other_process, told(NewsKind.PAID, renewed)) for renewed in renewals),
        *(hear(database, told(NewsKind.REFUNDED, first)) for first in firsts),
    ]
    results = await asyncio.gather(*work, return_exceptions=True)
    assert {type(each).__name__ for each in results} <= {"NoneType", "RefundedReceipt"}
    kept = await rows(
        "SELECT coalesce(sum(credits), 0) FROM store_transactions WHERE claimed_at IS NOT NULL AND refunded_at IS NULL"
    )
    assert await rows("SELECT credits - owed FROM user_credits") == [(GIFT + kept[0][0],)]


async def test_a_store_is_told_what_was_given_until_it_has_heard(
    database: Database, other_process: Database, stores: Stores, store: FakeStore, user_id: str, rows: Any
) -> None:
    await apply(database, user_id, paid(PACK, token="t1", to_confirm=True))
    store.away = True
    await periodic.confirm_due(database, stores)
    assert await rows("SELECT confirm_at > now() FROM store_transactions") == [(True,)]
    store.away = False
    async with database.session() as session:
        await session.execute(text("UPDATE store_transactions SET confirm_at = now()"))
    await asyncio.gather(*(periodic.confirm_due(each, stores) for each in (database, other_process)))
    assert store.told == [(PACK, "t1")]
    assert await rows("SELECT confirm_at FROM store_transactions") == [(None,)]


async def test_nothing_is_confirmed_that_nobody_has_claimed(
    database: Database, stores: Stores, store: FakeStore
) -> None:
    await hear(database, told(NewsKind.PAID, paid(token="t2", to_confirm=True)))
    await periodic.confirm_due(database, stores)
    assert store.told == []


async def test_it_goes_on_by_itself(
    database: Database, stores: Stores, store: FakeStore, user_id: str, ended: Payment
) -> None:
    store.newest[ended.original_transaction_id] = next_period(ended)
    renewals = periodic.Work("renewals", 0.05, lambda: periodic.renew_due(database, stores))
    async with periodic.running(database, [renewals]), asyncio.timeout(30):
        while await balance(database, user_id) < GIFT + 15 + 15:
            await asyncio.sleep(0.01)

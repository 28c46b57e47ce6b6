"""Plans that are paid in periods. Each paid period brings the plan's credits once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Interval, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import NotFound
from storybook.domain.credits import SubscriptionStatus
from storybook.domain.purchases import Store
from storybook.domain.receipts import LATEST, ClaimedReceipt, Payment, product_of
from storybook.models import StoreRenewal, StoreTransaction, Subscription
from storybook.services import payments, shares


class Due(NamedTuple):
    """A subscription whose period has ended; the store knows whether there is a new one."""

    store: Store
    original_transaction_id: str
    token: str | None


async def owner(session: AsyncSession, store: Store, original_transaction_id: str) -> str | None:
    """Whose subscription this is; None while nobody has shown a receipt of it."""
    return await session.scalar(select(Subscription.user_id).where(*_is(store, original_transaction_id)))


async def claim(session: AsyncSession, user_id: str, store: Store, original_transaction_id: str) -> None:
    """A subscription is the user's, with all that was paid for it and not refunded.

    Raises ClaimedReceipt when it is somebody else's.
    """
    if await owner(session, store, original_transaction_id) not in {None, user_id}:
        raise ClaimedReceipt
    await payments.claim(session, user_id, store, original_transaction_id)
    await run(session, user_id, store, original_transaction_id)
    await shares.give(session, store, original_transaction_id)


async def cancel(session: AsyncSession, user_id: str) -> Subscription:
    """Marks what the user subscribes to as cancelled: it runs to the end of its period. Raises NotFound for nothing."""
    cancelled = await session.scalars(
        update(Subscription)
        .where(
            Subscription.user_id == user_id,
            Subscription.status == SubscriptionStatus.ACTIVE,
            Subscription.current_period_end > func.now(),
        )
        .values(status=SubscriptionStatus.CANCELLED)
        .returning(Subscription)
    )
    found = sorted(cancelled.all(), key=lambda each: each.current_period_end)
    if not found:
        raise NotFound("There is no subscription that could be cancelled.")
    for each in found:
        await _note(session, each.store, each.original_transaction_id, datetime.now(UTC), cancelled=True)
    return found[-1]


async def get(session: AsyncSession, store: Store, original_transaction_id: str) -> Subscription:
    """One subscription that somebody has shown a receipt of."""
    found = select(Subscription).where(*_is(store, original_transaction_id)).execution_options(populate_existing=True)
    return (await session.scalars(found)).one()


async def tell(
    session: AsyncSession, store: Store, original_transaction_id: str, told_at: datetime, *, cancelled: bool
) -> None:
    """What the store said at `told_at` about the renewal of a subscription; the newest word counts.

    It is kept for whoever shows a receipt of that subscription later.
    """
    await payments.take_turn(session, store, original_transaction_id)
    await _note(session, store, original_transaction_id, told_at, cancelled=cancelled)
    await _follow_the_newest_word(session, store, original_transaction_id)


async def stretch(session: AsyncSession, payment: Payment) -> None:
    """A store may let a period run longer than was paid for, while it waits for the money."""
    await session.execute(
        update(Subscription)
        .where(
            *_is(payment.store, payment.original_transaction_id),
            Subscription.status != SubscriptionStatus.EXPIRED,
            Subscription.current_period_end < payment.period_end,
        )
        .values(current_period_end=payment.period_end)
    )


async def end(session: AsyncSession, store: Store, original_transaction_id: str, *, by: datetime | None = None) -> None:
    """The subscription is over, unless it was paid beyond `by`, which is now if nothing is said."""
    await session.execute(
        update(Subscription)
        .where(*_is(store, original_transaction_id), Subscription.current_period_end <= (by or func.now()))
        .values(status=SubscriptionStatus.EXPIRED)
    )


async def run(
    session: AsyncSession, user_id: str, store: Store, original_transaction_id: str, *, anew: str | None = None
) -> None:
    """The subscription runs for the newest period that its user may keep, or is over when there is none.

    What it runs for already stays as it is, unless that is `anew`: the payment that counts again.
    """
    period = await payments.newest_claimed(session, store, original_transaction_id)
    if period is None:
        await end(session, store, original_transaction_id, by=LATEST)
        return
    terms = _terms(period) | {"status": SubscriptionStatus.ACTIVE}
    ids = {"user_id": user_id, "store": store, "original_transaction_id": original_transaction_id}
    another = or_(
        Subscription.current_period_start != period.purchased_at,
        Subscription.plan != terms["plan"],
        literal(period.transaction_id == anew),
    )
    await session.execute(
        insert(Subscription)
        .values(**ids, **terms)
        .on_conflict_do_update(
            index_elements=[Subscription.store, Subscription.original_transaction_id],
            set_=terms | {"updated_at": func.now()},
            where=another,
        )
    )
    await _follow_the_newest_word(session, store, original_transaction_id)


async def move(session: AsyncSession, store: Store, original_transaction_id: str, *, to: str) -> None:
    """A subscription turns out to be a part of another one, which has its user and the newest word about both."""
    there = select(Subscription.id).where(*_is(store, to)).exists()
    mine = _is(store, original_transaction_id)
    await session.execute(update(Subscription).where(*mine, ~there).values(original_transaction_id=to))
    await session.execute(delete(Subscription).where(*mine))
    words = (StoreRenewal.store == store, StoreRenewal.original_transaction_id == original_transaction_id)
    said = delete(StoreRenewal).where(*words).returning(StoreRenewal.told_at, StoreRenewal.cancelled)
    for told_at, cancelled in (await session.execute(said)).all():
        await _note(session, store, to, told_at, cancelled=cancelled)


async def take_due(session: AsyncSession, *, limit: int, again_after: timedelta) -> Sequence[Due]:
    """Subscriptions to ask the store about; nobody else gets them for `again_after`."""
    interval = literal(again_after, Interval)
    due = (
        select(Subscription.id)
        .where(
            Subscription.status != SubscriptionStatus.EXPIRED,
            Subscription.current_period_end <= func.now(),
            or_(Subscription.checked_at.is_(None), Subscription.checked_at < func.now() - interval),
        )
        .order_by(Subscription.current_period_end)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    token = payments.newest_token(Subscription.store.expression, Subscription.original_transaction_id.expression)
    taken = await session.execute(
        update(Subscription)
        .where(Subscription.id.in_(due))
        .values(checked_at=func.now())
        .returning(Subscription.store, Subscription.original_transaction_id, token)
    )
    return [Due(Store(store), original, token) for store, original, token in taken]


async def _note(
    session: AsyncSession, store: str, original_transaction_id: str, told_at: datetime, *, cancelled: bool
) -> None:
    word = insert(StoreRenewal).values(
        store=store, original_transaction_id=original_transaction_id, cancelled=cancelled, told_at=told_at
    )
    await session.execute(
        word.on_conflict_do_update(
            index_elements=[StoreRenewal.store, StoreRenewal.original_transaction_id],
            set_={"cancelled": cancelled, "told_at": told_at},
            where=StoreRenewal.told_at < told_at,
        )
    )


async def _follow_the_newest_word(session: AsyncSession, store: Store, original_transaction_id: str) -> None:
    """A word that was said before the period began is about an earlier one."""
    cancelled = (
        select(StoreRenewal.cancelled)
        .where(
            StoreRenewal.store == store,
            StoreRenewal.original_transaction_id == original_transaction_id,
            StoreRenewal.told_at >= Subscription.current_period_start,
        )
        .correlate(Subscription)
        .scalar_subquery()
    )
    status = case((cancelled, SubscriptionStatus.CANCELLED), else_=SubscriptionStatus.ACTIVE)
    await session.execute(
        update(Subscription)
        .where(*_is(store, original_transaction_id), Subscription.status != SubscriptionStatus.EXPIRED)
        .values(status=status)
    )


def _terms(period: StoreTransaction) -> dict[str, Any]:
    product = product_of(period.product_id or "")
    return {
        "plan": product.plan,
        "credits_per_month": product.credits,
        "current_period_start": period.purchased_at,
        "current_period_end": period.period_end,
    }


def _is(store: Store, original_transaction_id: str) -> tuple[ColumnElement[bool], ...]:
    return (Subscription.store == store, Subscription.original_transaction_id == original_transaction_id)

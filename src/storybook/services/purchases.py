"""From proof to credits: what a user shows, what a store tells, and what is found by asking it."""

from datetime import datetime

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.domain.purchases import ProductKind, Store
from storybook.domain.receipts import (
    ClaimedReceipt,
    ExpiredReceipt,
    InvalidReceipt,
    News,
    NewsKind,
    Payment,
    RefundedReceipt,
    UnknownProduct,
)
from storybook.models import StoreNotification, StoreTransaction
from storybook.services import chains, payments, shares, subscriptions

log = structlog.get_logger()


async def apply(session: AsyncSession, user_id: str, shown: Payment) -> Payment:
    """Gives a user what a payment is for, once; nothing more happens when the same user shows it again.

    The answer is the payment as it is known here. Raises RefundedReceipt, ClaimedReceipt when it is somebody else's,
    ExpiredReceipt when its time is over, and UnknownProduct. Nothing is written then.
    """
    payment = await chains.take_turn(session, shown)
    known = await payments.record(session, payment)
    if known.refunded_at or _is_revoked(payment, known):
        raise RefundedReceipt
    if known.claimed_at:
        if known.user_id != user_id:
            raise ClaimedReceipt
        return payment
    if known.kind == ProductKind.SUBSCRIPTION:
        if not await payments.paid_until(session, payment.store, payment.original_transaction_id):
            raise ExpiredReceipt
        await subscriptions.claim(session, user_id, payment.store, payment.original_transaction_id)
    else:
        await payments.claim(session, user_id, payment.store, payment.original_transaction_id)
        await shares.give(session, payment.store, payment.original_transaction_id)
    return payment


async def hear(session: AsyncSession, news: News) -> None:
    """Does what follows from a store's news, once. They may come in any order."""
    first = await session.scalar(
        insert(StoreNotification)
        .values(store=news.store, notification_id=news.notification_id)
        .on_conflict_do_nothing()
        .returning(StoreNotification.notification_id)
    )
    if first is None:
        return
    try:
        await _follow(session, news)
    except (UnknownProduct, InvalidReceipt) as error:
        log.warning("news_of_nothing_sold_here", store=news.store, exc_info=error)


async def _follow(session: AsyncSession, news: News) -> None:
    payment = await chains.take_turn(session, news.payment) if news.payment else None
    original = payment.original_transaction_id if payment else news.original_transaction_id
    match news.kind:
        case NewsKind.PAID if payment:
            await _renew(session, payment)
        case NewsKind.REFUNDED | NewsKind.REVERSED:
            if payment:
                await payments.record(session, payment)
            follow = _refund if news.kind is NewsKind.REFUNDED else _reverse
            await follow(session, news.store, news.transaction_id, original, news.told_at)
        case NewsKind.CANCELLED | NewsKind.RESUMED:
            cancelled = news.kind is NewsKind.CANCELLED
            await subscriptions.tell(session, news.store, original, news.told_at, cancelled=cancelled)
        case NewsKind.ENDED if payment:
            await subscriptions.end(session, news.store, original, by=payment.period_end)


async def settle_due(database: Database, due: subscriptions.Due, payment: Payment | None) -> None:
    """Renews or ends a subscription, by what its store answered."""
    async with database.session() as session:
        if payment:
            await _renew(session, await chains.take_turn(session, payment))
        await subscriptions.end(session, due.store, due.original_transaction_id)


async def _renew(session: AsyncSession, payment: Payment) -> None:
    """Gives the subscriber a period that was paid; one of somebody who is not known yet is kept."""
    store, original = payment.store, payment.original_transaction_id
    if payment.revoked_at:
        await _refund(session, store, payment.transaction_id, original, payment.revoked_at)
        return
    known = await payments.record(session, payment)
    user_id = await subscriptions.owner(session, store, original)
    if user_id and known.kind == ProductKind.SUBSCRIPTION:
        await subscriptions.claim(session, user_id, store, original)
        if known.refunded_at is None:
            await subscriptions.stretch(session, payment)


async def _refund(session: AsyncSession, store: Store, transaction_id: str, original: str, told_at: datetime) -> None:
    """Takes back what a payment brought, once; what was spent already becomes a debt."""
    original = await payments.take_turn_of(session, store, transaction_id, original)
    refunded = await payments.refunded(session, store, transaction_id, original, told_at)
    if refunded is None:
        return
    if refunded.period_end and (user_id := await subscriptions.owner(session, store, original)):
        await subscriptions.run(session, user_id, store, original)
    await shares.take_back(session, refunded)


async def _reverse(session: AsyncSession, store: Store, transaction_id: str, original: str, told_at: datetime) -> None:
    """Gives what a refund took, once; a payment that nobody has shown yet can be claimed again."""
    original = await payments.take_turn_of(session, store, transaction_id, original)
    payment = await payments.refund_reversed(session, store, transaction_id, original, told_at)
    if payment is None:
        return
    if payment.period_end and (user_id := await subscriptions.owner(session, store, original)):
        await subscriptions.claim(session, user_id, store, original)
        await subscriptions.run(session, user_id, store, original, anew=transaction_id)
    else:
        await shares.give(session, store, original)


def _is_revoked(payment: Payment, known: StoreTransaction) -> bool:
    """What a receipt says of a refund counts unless the store took that back later."""
    if payment.revoked_at is None:
        return False
    return known.refund_told_at is None or known.refund_told_at <= payment.revoked_at

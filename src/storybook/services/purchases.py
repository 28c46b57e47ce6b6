"""From proof to credits: what a user shows, what a store tells, and what is found by asking it."""

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
from storybook.models import StoreNotification
from storybook.services import credits, payments, subscriptions

log = structlog.get_logger()


async def apply(session: AsyncSession, user_id: str, shown: Payment) -> Payment:
    """Gives a user what a payment is for, once; nothing more happens when the same user shows it again.

    The answer is the payment as it is known here. Raises RefundedReceipt, ClaimedReceipt when it is somebody else's,
    ExpiredReceipt when its time is over, and UnknownProduct. Nothing is written then.
    """
    payment = await payments.known_as(session, shown)
    await payments.take_turn(session, payment.store, payment.original_transaction_id)
    known = await payments.record(session, payment)
    if known.refunded_at or payment.revoked_at:
        raise RefundedReceipt
    if known.claimed_at:
        if known.user_id != user_id:
            raise ClaimedReceipt
        return payment
    if known.kind == ProductKind.SUBSCRIPTION:
        if not await payments.paid_until(session, payment.store, payment.original_transaction_id):
            raise ExpiredReceipt
        await subscriptions.claim(session, user_id, payment)
    else:
        await _give_pack(session, user_id, payment)
    return payment


async def refund(session: AsyncSession, store: Store, transaction_id: str, original_transaction_id: str) -> None:
    """Takes back what a payment brought, once; what was spent already becomes a debt."""
    original_transaction_id = await payments.original_of(session, store, transaction_id) or original_transaction_id
    await payments.take_turn(session, store, original_transaction_id)
    refunded = await payments.refunded(session, store, transaction_id, original_transaction_id)
    if refunded is None:
        return
    if refunded.period_end:
        await subscriptions.fall_back(session, refunded)
    if refunded.user_id and refunded.credits:
        named = payments.reference(store, transaction_id)
        await credits.refund(session, refunded.user_id, refunded.credits, named)


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
    payment = await payments.known_as(session, news.payment) if news.payment else None
    original = payment.original_transaction_id if payment else news.original_transaction_id
    match news.kind:
        case NewsKind.PAID if payment:
            await _renew(session, payment)
        case NewsKind.REFUNDED:
            await refund(session, news.store, news.transaction_id, original)
        case NewsKind.CANCELLED | NewsKind.RESUMED:
            cancelled = news.kind is NewsKind.CANCELLED
            await subscriptions.tell(session, news.store, original, news.told_at, cancelled=cancelled)
        case NewsKind.ENDED if payment:
            await subscriptions.end(session, news.store, original, by=payment.period_end)


async def settle_due(database: Database, due: subscriptions.Due, payment: Payment | None) -> None:
    """Renews or ends a subscription, by what its store answered."""
    async with database.session() as session:
        if payment:
            await _renew(session, await payments.known_as(session, payment))
        await subscriptions.end(session, due.store, due.original_transaction_id)


async def _renew(session: AsyncSession, payment: Payment) -> None:
    """Gives the subscriber a period that was paid; one of somebody who is not known yet is kept."""
    if payment.revoked_at:
        await refund(session, payment.store, payment.transaction_id, payment.original_transaction_id)
        return
    await payments.take_turn(session, payment.store, payment.original_transaction_id)
    known = await payments.record(session, payment)
    user_id = await subscriptions.owner(session, payment.store, payment.original_transaction_id)
    if user_id and known.kind == ProductKind.SUBSCRIPTION:
        await subscriptions.claim(session, user_id, payment)
        await subscriptions.stretch(session, payment)


async def _give_pack(session: AsyncSession, user_id: str, payment: Payment) -> None:
    claimed = await payments.claim(session, user_id, payment.store, payment.original_transaction_id)
    for pack in claimed:
        await credits.purchase(session, user_id, pack.credits, payments.reference(pack.store, pack.transaction_id))

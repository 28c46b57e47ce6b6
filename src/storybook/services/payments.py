"""What was paid in the stores: recorded once, claimed by one user once, taken back once.

Everything about one subscription or one purchase happens one after another: whoever changes it holds `take_turn`.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Interval, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.domain.purchases import Period, ProductKind, Store, still_due
from storybook.domain.receipts import InvalidReceipt, Payment, product_of
from storybook.models import StoreTransaction

_TOKEN_OF_SOMEBODY = case(
    (StoreTransaction.claimed_at.is_not(None) & StoreTransaction.user_id.is_(None), None), else_=StoreTransaction.token
)


def reference(store: str, transaction_id: str) -> str:
    """How the ledger names a payment."""
    return f"{store}:{transaction_id}"


async def take_turn(session: AsyncSession, store: Store, original_transaction_id: str) -> None:
    """Waits until nobody else works on this purchase or subscription, known or not; lasts as long as the transaction.

    Taken before any row is locked.
    """
    name = hashlib.sha256(reference(store, original_transaction_id).encode()).digest()[:8]
    await session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(name, signed=True))))


async def known_as(session: AsyncSession, payment: Payment) -> Payment:
    """The payment under the subscription that it goes on from, where a change of plan gave it a new token and ids."""
    tokens = [token for token in (payment.token, payment.replaced_token) if token]
    if payment.period_end is None or not tokens:
        return payment
    original = await session.scalar(
        select(StoreTransaction.original_transaction_id)
        .where(StoreTransaction.store == payment.store, StoreTransaction.token.in_(tokens))
        .order_by(StoreTransaction.token != payment.token, StoreTransaction.created_at)
        .limit(1)
    )
    return payment.model_copy(update={"original_transaction_id": original}) if original else payment


async def original_of(session: AsyncSession, store: Store, transaction_id: str) -> str | None:
    """The subscription or purchase that a payment was recorded for."""
    return await session.scalar(select(StoreTransaction.original_transaction_id).where(*_is(store, transaction_id)))


async def record(session: AsyncSession, payment: Payment) -> StoreTransaction:
    """What is known of a payment, which is kept from now on; raises UnknownProduct or InvalidReceipt."""
    product = product_of(payment.product_id)
    if (product.kind is ProductKind.SUBSCRIPTION) != (payment.period_end is not None):
        raise InvalidReceipt
    await session.execute(
        insert(StoreTransaction)
        .values(
            store=payment.store,
            transaction_id=payment.transaction_id,
            original_transaction_id=payment.original_transaction_id,
            product_id=product.id,
            kind=product.kind,
            credits=0 if payment.free else product.credits,
            purchased_at=payment.purchased_at,
            period_end=payment.period_end,
            token=payment.token,
            confirm_at=func.now() if payment.to_confirm else None,
        )
        .on_conflict_do_nothing()
    )
    found = select(StoreTransaction).where(*_is(payment.store, payment.transaction_id))
    return (await session.scalars(found.execution_options(populate_existing=True))).one()


async def claim(
    session: AsyncSession, user_id: str, store: Store, original_transaction_id: str
) -> Sequence[StoreTransaction]:
    """Makes all payments of a purchase or subscription the user's that are nobody's yet and were not refunded.

    Their `credits` are from now on what they bring beside what was given for the same time before.
    """
    found = await session.scalars(
        select(StoreTransaction)
        .where(*_kept(store, original_transaction_id))
        .order_by(StoreTransaction.claimed_at, StoreTransaction.period_end)
        .execution_options(populate_existing=True)
    )
    given: list[Period] = []
    claimed = []
    for payment in found:
        if payment.claimed_at is None:
            payment.user_id, payment.claimed_at = user_id, func.now()
            payment.credits = still_due(_period(payment), given)
            claimed.append(payment)
        given.append(_period(payment))
    await session.flush()
    return claimed


async def newest_claimed(session: AsyncSession, store: Store, original_transaction_id: str) -> StoreTransaction | None:
    """The payment of a subscription whose period runs longest, of those that its user has and may keep."""
    return await session.scalar(
        select(StoreTransaction)
        .where(*_kept(store, original_transaction_id), StoreTransaction.claimed_at.is_not(None))
        .order_by(StoreTransaction.period_end.desc())
        .limit(1)
    )


async def paid_until(session: AsyncSession, store: Store, original_transaction_id: str) -> datetime | None:
    """The end of the newest period of a subscription that is still to come."""
    return await session.scalar(
        select(func.max(StoreTransaction.period_end)).where(
            *_kept(store, original_transaction_id), StoreTransaction.period_end > func.now()
        )
    )


async def refunded(
    session: AsyncSession, store: Store, transaction_id: str, original_transaction_id: str
) -> StoreTransaction | None:
    """Notes that a store gave the money back: the payment; None when that was noted before.

    A payment that nobody has heard of yet is worth nothing from now on.
    """
    await session.execute(
        insert(StoreTransaction)
        .values(
            store=store,
            transaction_id=transaction_id,
            original_transaction_id=original_transaction_id,
            credits=0,
        )
        .on_conflict_do_nothing()
    )
    return await session.scalar(
        update(StoreTransaction)
        .where(*_is(store, transaction_id), StoreTransaction.refunded_at.is_(None))
        .values(refunded_at=func.now(), confirm_at=None, token=_TOKEN_OF_SOMEBODY)
        .returning(StoreTransaction)
    )


def newest_token(store: ColumnElement[str], original_transaction_id: ColumnElement[str]) -> ColumnElement[str | None]:
    """What a store is to be asked with about a subscription, as a part of a query."""
    return (
        select(StoreTransaction.token)
        .where(
            StoreTransaction.store == store,
            StoreTransaction.original_transaction_id == original_transaction_id,
            StoreTransaction.token.is_not(None),
        )
        .order_by(StoreTransaction.period_end.desc())
        .limit(1)
        .scalar_subquery()
    )


async def take_unconfirmed(session: AsyncSession, *, limit: int, again_after: timedelta) -> Sequence[StoreTransaction]:
    """Payments that a store is to be told of; nobody else gets them for `again_after`."""
    due = (
        select(StoreTransaction.store, StoreTransaction.transaction_id)
        .where(StoreTransaction.confirm_at <= func.now(), StoreTransaction.claimed_at.is_not(None))
        .order_by(StoreTransaction.confirm_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .subquery()
    )
    taken = await session.scalars(
        update(StoreTransaction)
        .where(StoreTransaction.store == due.c.store, StoreTransaction.transaction_id == due.c.transaction_id)
        .values(confirm_at=func.now() + literal(again_after, Interval))
        .returning(StoreTransaction)
    )
    return taken.all()


async def confirmed(session: AsyncSession, store: Store, transaction_id: str) -> None:
    """The store knows that the goods were given."""
    known = update(StoreTransaction).where(*_is(store, transaction_id))
    await session.execute(known.values(confirm_at=None, token=_TOKEN_OF_SOMEBODY))


async def forget_tokens(session: AsyncSession, user_id: str) -> None:
    """A user goes: no store is to be asked about their payments any more, but told of those that it waits for."""
    await session.execute(
        update(StoreTransaction)
        .where(StoreTransaction.user_id == user_id, StoreTransaction.confirm_at.is_(None))
        .values(token=None)
    )


def _kept(store: Store, original_transaction_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        StoreTransaction.store == store,
        StoreTransaction.original_transaction_id == original_transaction_id,
        StoreTransaction.refunded_at.is_(None),
    )


def _period(payment: StoreTransaction) -> Period:
    return Period(payment.purchased_at, payment.period_end, payment.credits)


def _is(store: Store, transaction_id: str) -> tuple[ColumnElement[bool], ...]:
    return (StoreTransaction.store == store, StoreTransaction.transaction_id == transaction_id)

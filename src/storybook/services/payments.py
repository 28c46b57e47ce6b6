"""What was paid in the stores: recorded once, claimed by one user once, and refunded or not.

Everything about one subscription or one purchase happens one after another: whoever changes it holds `take_turn`.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Interval, case, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.domain.purchases import Period, ProductKind, Store, shares
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


async def take_turn_of(session: AsyncSession, store: Store, transaction_id: str, original_transaction_id: str) -> str:
    """Takes the turn of the subscription or purchase that a payment is of: its id, by what is known or else as told."""
    await take_turn(session, store, original_transaction_id)
    known = select(StoreTransaction.original_transaction_id).where(*_is(store, transaction_id))
    while (original := await session.scalar(known)) not in {None, original_transaction_id}:
        original_transaction_id = original
        await take_turn(session, store, original)
    return original_transaction_id


async def take_turn_of_tokens(session: AsyncSession, payment: Payment) -> None:
    """Waits until nobody else works on the purchases that a change of plan ties together; before any other turn."""
    for token in sorted({token for token in (payment.token, payment.replaced_token) if token}):
        await take_turn(session, payment.store, f"token {token}")


async def tied_to(session: AsyncSession, payment: Payment) -> Sequence[str]:
    """The subscriptions that a payment goes on from, or that go on from it, by the tokens of a change of plan.

    The first one is the oldest that is known.
    """
    tokens = [token for token in (payment.token, payment.replaced_token) if token]
    if payment.period_end is None or not tokens:
        return []
    original = StoreTransaction.original_transaction_id
    tied = or_(StoreTransaction.token.in_(tokens), StoreTransaction.replaced_token == payment.token)
    found = select(original).where(StoreTransaction.store == payment.store, tied).group_by(original)
    return (await session.scalars(found.order_by(func.min(StoreTransaction.created_at), original))).all()


async def move(session: AsyncSession, store: Store, original_transaction_id: str, *, to: str) -> None:
    """All payments of a subscription are of another one from now on, and have to be shared out anew."""
    mine = (StoreTransaction.store == store, StoreTransaction.original_transaction_id == original_transaction_id)
    shared = StoreTransaction.user_id.is_not(None) & StoreTransaction.refunded_at.is_(None)
    brings = case((shared, 0), else_=StoreTransaction.credits)
    await session.execute(update(StoreTransaction).where(*mine).values(original_transaction_id=to, credits=brings))


async def record(session: AsyncSession, payment: Payment) -> StoreTransaction:
    """What is known of a payment, which is kept from now on; raises UnknownProduct or InvalidReceipt."""
    product = product_of(payment.product_id)
    if (product.kind is ProductKind.SUBSCRIPTION) != (payment.period_end is not None):
        raise InvalidReceipt
    worth = 0 if payment.free else product.credits
    told = {
        "original_transaction_id": payment.original_transaction_id,
        "product_id": product.id,
        "kind": product.kind,
        "credits": worth,
        "worth": worth,
        "purchased_at": payment.purchased_at,
        "period_end": payment.period_end,
        "token": payment.token,
        "replaced_token": payment.replaced_token,
        "confirm_at": func.now() if payment.to_confirm else None,
    }
    ids = (StoreTransaction.store, StoreTransaction.transaction_id)
    new = insert(StoreTransaction).values(store=payment.store, transaction_id=payment.transaction_id, **told)
    await session.execute(
        new.on_conflict_do_update(index_elements=ids, set_=told, where=StoreTransaction.product_id.is_(None))
    )
    return await _find(session, payment.store, payment.transaction_id)


async def claim(session: AsyncSession, user_id: str, store: Store, original_transaction_id: str) -> None:
    """Makes all payments of a purchase or subscription the user's that are nobody's yet and were not refunded.

    They bring nothing until they are shared out.
    """
    nobodys = (StoreTransaction.claimed_at.is_(None), StoreTransaction.product_id.is_not(None))
    await session.execute(
        update(StoreTransaction)
        .where(*_kept(store, original_transaction_id), *nobodys)
        .values(user_id=user_id, claimed_at=func.now(), credits=0)
    )


async def share_out(session: AsyncSession, store: Store, original_transaction_id: str) -> list[StoreTransaction]:
    """Sets anew what each payment of a purchase or subscription brings beside the others that its user may keep.

    The answer are those to look at in the ledger. What was claimed first brings all of its own.
    """
    found = await session.scalars(
        select(StoreTransaction)
        .where(*_kept(store, original_transaction_id), StoreTransaction.claimed_at.is_not(None))
        .order_by(StoreTransaction.claimed_at, StoreTransaction.period_end, StoreTransaction.transaction_id)
        .execution_options(populate_existing=True)
    )
    kept = found.all()
    due = zip(kept, shares([_period(payment) for payment in kept]), strict=True)
    changed = [(each, share) for each, share in due if each.user_id and (share != each.credits or not share)]
    for payment, share in changed:
        payment.credits = min(payment.credits, share)
    await session.flush()
    for payment, share in changed:
        payment.credits = share
    await session.flush()
    return [payment for payment, _ in changed]


async def newest_claimed(session: AsyncSession, store: Store, original_transaction_id: str) -> StoreTransaction | None:
    """The payment of a subscription whose period runs longest, of those that its user has and may keep."""
    return await session.scalar(
        select(StoreTransaction)
        .where(*_kept(store, original_transaction_id), StoreTransaction.claimed_at.is_not(None))
        .order_by(StoreTransaction.period_end.desc(), StoreTransaction.worth.desc(), StoreTransaction.transaction_id)
        .limit(1)
        .execution_options(populate_existing=True)
    )


async def paid_until(session: AsyncSession, store: Store, original_transaction_id: str) -> datetime | None:
    """The end of the newest period of a subscription that is still to come."""
    return await session.scalar(
        select(func.max(StoreTransaction.period_end)).where(
            *_kept(store, original_transaction_id), StoreTransaction.period_end > func.now()
        )
    )


async def refunded(
    session: AsyncSession, store: Store, transaction_id: str, original_transaction_id: str, told_at: datetime
) -> StoreTransaction | None:
    """Notes that a store gave the money back, as it said at `told_at`: the payment; None when that is nothing new.

    A payment that nobody has heard of yet is worth nothing from now on.
    """
    payment = await _known(session, store, transaction_id, original_transaction_id)
    if payment.refund_told_at and payment.refund_told_at > told_at:
        return None
    payment.refund_told_at = told_at
    if payment.refunded_at:
        return None
    payment.refunded_at, payment.confirm_at = func.now(), None
    if payment.claimed_at and payment.user_id is None:
        payment.token = None
    await session.flush()
    return payment


async def refund_reversed(
    session: AsyncSession, store: Store, transaction_id: str, original_transaction_id: str, told_at: datetime
) -> StoreTransaction | None:
    """Notes that a store took a refund back, as it said at `told_at`: the payment; None when that is nothing new.

    A payment of somebody brings nothing until it is shared out, after the others.
    """
    payment = await _known(session, store, transaction_id, original_transaction_id)
    if payment.refund_told_at and payment.refund_told_at >= told_at:
        return None
    payment.refund_told_at = told_at
    if payment.refunded_at is None:
        return None
    payment.refunded_at = None
    if payment.user_id:
        payment.claimed_at, payment.credits = func.now(), 0
    await session.flush()
    return payment


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
    waited_for = case((StoreTransaction.confirm_at.is_not(None), StoreTransaction.token), else_=None)
    mine = update(StoreTransaction).where(StoreTransaction.user_id == user_id)
    await session.execute(mine.values(token=waited_for, replaced_token=None))


async def _known(
    session: AsyncSession, store: Store, transaction_id: str, original_transaction_id: str
) -> StoreTransaction:
    """A payment, of which from now on at least the ids are known."""
    ids = {"store": store, "transaction_id": transaction_id, "original_transaction_id": original_transaction_id}
    await session.execute(insert(StoreTransaction).values(**ids, credits=0, worth=0).on_conflict_do_nothing())
    return await _find(session, store, transaction_id)


async def _find(session: AsyncSession, store: Store, transaction_id: str) -> StoreTransaction:
    found = select(StoreTransaction).where(*_is(store, transaction_id)).execution_options(populate_existing=True)
    return (await session.scalars(found)).one()


def _kept(store: Store, original_transaction_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        StoreTransaction.store == store,
        StoreTransaction.original_transaction_id == original_transaction_id,
        StoreTransaction.refunded_at.is_(None),
    )


def _period(payment: StoreTransaction) -> Period:
    """What a payment is worth; what brought something to a user who is gone stays as it is."""
    worth = payment.worth if payment.user_id else payment.credits
    return Period(payment.purchased_at, payment.period_end, worth)


def _is(store: Store, transaction_id: str) -> tuple[ColumnElement[bool], ...]:
    return (StoreTransaction.store == store, StoreTransaction.transaction_id == transaction_id)

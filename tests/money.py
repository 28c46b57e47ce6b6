"""What happens to a user's money, each as the one transaction that the service makes of it, without the service."""

import itertools
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import ErrorCode
from storybook.domain.credits import Transaction
from storybook.domain.jobs import PROGRESS_DONE, JobKind, JobState
from storybook.domain.purchases import Product, ProductKind, Store
from storybook.models import Job, StoreTransaction, User, UserCredits
from storybook.services import credits

CATALOGUE = tuple(Product(f"{kind}.{number}", kind, number, 0) for kind in ProductKind for number in range(1, 51))
"""What is sold here: packs and plans of any size."""

_numbers = itertools.count(1)


class Payment(NamedTuple):
    number: str
    credits: int
    kind: ProductKind = ProductKind.CREDITS

    @property
    def reference(self) -> str:
        return f"{Store.DEVELOPMENT}:{self.number}"


def new(what: str) -> str:
    """An id that was not there before."""
    return f"{what}_{next(_numbers)}"


async def join(session: AsyncSession, user_id: str) -> None:
    """A new user with the welcome gift."""
    await session.execute(insert(User).values(id=user_id, welcomed=True))
    await credits.welcome(session, user_id)


async def order(session: AsyncSession, user_id: str, job_id: str) -> None:
    """A book is accepted; PaymentRequired without a credit."""
    row = {"id": job_id, "user_id": user_id, "kind": JobKind.BOOK, "request": {}, "seed": 1, "asset_token": job_id}
    await session.execute(insert(Job).values(row | {"request_hash": b"the same"}))
    await credits.hold(session, user_id, job_id, JobKind.BOOK)


async def finish(session: AsyncSession, user_id: str, job_id: str) -> None:
    """The book is done."""
    done = update(Job).where(Job.id == job_id).values(status=JobState.DONE, progress=PROGRESS_DONE)
    await session.execute(done)
    await credits.capture(session, user_id, job_id)


async def fail(session: AsyncSession, user_id: str, job_id: str) -> None:
    """The book failed."""
    failed = update(Job).where(Job.id == job_id).values(status=JobState.FAILED, error_code=ErrorCode.UNKNOWN)
    await session.execute(failed)
    await credits.release(session, user_id, job_id)


async def pay(session: AsyncSession, user_id: str, payment: Payment) -> None:
    """A store tells of a payment, as often as it likes."""
    row = {
        "store": Store.DEVELOPMENT,
        "transaction_id": payment.number,
        "original_transaction_id": payment.number,
        "user_id": user_id,
        "product_id": f"{payment.kind}.{payment.credits}",
        "kind": payment.kind,
        "period_end": None if payment.kind is ProductKind.CREDITS else func.now(),
        "credits": payment.credits,
        "worth": payment.credits,
        "claimed_at": func.now(),
    }
    known = select(StoreTransaction.kind).where(StoreTransaction.transaction_id == payment.number)
    if await session.scalar(known):
        return
    await session.execute(insert(StoreTransaction).values(row))
    await enter(session, user_id, payment)


async def enter(session: AsyncSession, user_id: str, payment: Payment) -> None:
    """The payment's credits, without a look at what is known of the payment."""
    entered_as = Transaction.PURCHASE if payment.kind is ProductKind.CREDITS else Transaction.SUBSCRIPTION
    await credits.bring(session, user_id, entered_as, payment.credits, payment.reference)


async def take_back(session: AsyncSession, user_id: str, payment: Payment) -> None:
    """The store refunds a payment, as often as it likes."""
    refunded = update(StoreTransaction).where(StoreTransaction.transaction_id == payment.number)
    await session.execute(refunded.values(refunded_at=func.now()))
    await enter(session, user_id, payment._replace(credits=0))


async def give_again(session: AsyncSession, user_id: str, payment: Payment) -> None:
    """The store takes its refund back, as often as it likes."""
    kept = update(StoreTransaction).where(StoreTransaction.transaction_id == payment.number)
    await session.execute(kept.values(refunded_at=None))
    await enter(session, user_id, payment)


async def leave(session: AsyncSession, user_id: str) -> None:
    """The user deletes the account while books may be under way."""
    await session.execute(select(UserCredits.user_id).where(UserCredits.user_id == user_id).with_for_update())
    under_way = select(Job.id).where(Job.user_id == user_id, Job.status == JobState.QUEUED).order_by(Job.id)
    for job_id in list(await session.scalars(under_way)):
        await fail(session, user_id, job_id)
    await credits.close(session, user_id)
    await session.execute(delete(User).where(User.id == user_id))

"""Credits. The only writer of balances and of the ledger.

Every change is one conditional update of the balance and one entry of the ledger, in the caller's transaction.
"""

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import PaymentRequired, StorybookError
from storybook.domain.credits import MOVES, PRICES, WELCOME_GIFT, Account, Transaction
from storybook.domain.jobs import JobKind
from storybook.models import CreditTransaction, UserCredits

_COLUMN = {
    Account.AVAILABLE: UserCredits.credits,
    Account.HELD: UserCredits.held,
    Account.SPENT: UserCredits.total_used,
}


async def welcome(session: AsyncSession, user_id: str) -> None:
    """Opens the account of a new user and gives the welcome gift."""
    await session.execute(insert(UserCredits).values(user_id=user_id))
    await _must_move(session, Transaction.GIFT, user_id, WELCOME_GIFT)


async def grant(session: AsyncSession, user_id: str, amount: int) -> None:
    """The operator gives `amount` credits."""
    await _must_move(session, Transaction.GRANT, user_id, amount)


async def balance(session: AsyncSession, user_id: str) -> int:
    """The credits that the user can spend now."""
    return await session.scalar(select(UserCredits.credits).where(UserCredits.user_id == user_id)) or 0


async def hold(session: AsyncSession, user_id: str, job_id: str, kind: JobKind) -> None:
    """Sets the price of a job aside; raises PaymentRequired when there is not enough."""
    price = PRICES[kind]
    if price and not await _move(session, Transaction.HOLD, user_id, price, job_id):
        raise PaymentRequired(
            "You have no credits left. Please add credits to make another book.", details={"required": price}
        )


async def capture(session: AsyncSession, user_id: str, job_id: str, kind: JobKind) -> None:
    """Spends what was held for a job, because it is done."""
    if price := PRICES[kind]:
        await _must_move(session, Transaction.CAPTURE, user_id, price, job_id)


async def release(session: AsyncSession, user_id: str, job_id: str, kind: JobKind) -> None:
    """Gives back what was held for a job, because it failed."""
    if price := PRICES[kind]:
        await _must_move(session, Transaction.RELEASE, user_id, price, job_id)


async def _must_move(
    session: AsyncSession, transaction: Transaction, user_id: str, amount: int, job_id: str | None = None
) -> None:
    if not await _move(session, transaction, user_id, amount, job_id):
        raise StorybookError(f"the ledger has nothing to {transaction} for this user")


async def _move(
    session: AsyncSession, transaction: Transaction, user_id: str, amount: int, job_id: str | None = None
) -> bool:
    """Moves credits between two accounts; False, and nothing written, when the source holds too little."""
    source, target = MOVES[transaction]
    change = update(UserCredits).where(UserCredits.user_id == user_id)
    if source in _COLUMN:
        change = change.where(_COLUMN[source] >= amount).values({_COLUMN[source]: _COLUMN[source] - amount})
    if target in _COLUMN:
        change = change.values({_COLUMN[target]: _COLUMN[target] + amount})
    left = await session.scalar(change.returning(UserCredits.credits))
    if left is None:
        return False
    await session.execute(
        insert(CreditTransaction).values(
            user_id=user_id,
            job_id=job_id,
            transaction_type=transaction,
            source=source,
            target=target,
            amount=amount,
            balance_after=left,
        )
    )
    return True

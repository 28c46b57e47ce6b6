"""Credits. The only writer of balances and of the ledger.

Every change is one statement, in the caller's transaction: it changes the balance, if there is enough, and enters the
change in the ledger. The balance stays locked until that transaction ends, so whatever happens to one user's credits
happens one after another, and the ids of the entries are in that order.
"""

from typing import NamedTuple

from sqlalchemy import Integer, Select, String, bindparam, case, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import GiftLater, NotFound, PaymentRequired, StorybookError
from storybook.domain.credits import CACHED, MOVES, OF_PAYMENTS, PRICES, WELCOME_GIFT, Account, Transaction
from storybook.domain.jobs import JobKind
from storybook.models import CreditTransaction, User, UserCredits


class Balance(NamedTuple):
    """What a user can spend, what belongs to books under way, and what a store took back after it was spent."""

    available: int
    held: int
    owed: int


_BALANCE = (UserCredits.credits, UserCredits.held, UserCredits.owed)


async def balance(session: AsyncSession, user_id: str) -> int:
    """The credits that the user can spend now."""
    return await session.scalar(select(UserCredits.credits).where(UserCredits.user_id == user_id)) or 0


async def open_account(session: AsyncSession, user_id: str) -> None:
    """Gives a user an account without credits; nothing happens where there is one."""
    await session.execute(insert(UserCredits).values(user_id=user_id).on_conflict_do_nothing())


async def welcome(session: AsyncSession, user_id: str) -> None:
    """Opens the account of a user, where there is none yet, and gives the one welcome gift.

    Raises IntegrityError for a second gift.
    """
    await open_account(session, user_id)
    await _raise(session, Transaction.GIFT, user_id, WELCOME_GIFT)


async def grant(session: AsyncSession, user_id: str, amount: int, reason: str) -> None:
    """The operator gives `amount` credits. Raises NotFound for somebody without an account."""
    await _raise(session, Transaction.GRANT, user_id, amount, reference=reason)


async def bring(session: AsyncSession, user_id: str, transaction: Transaction, amount: int, reference: str) -> None:
    """From now on a payment brings its user `amount` credits; nothing happens when it does already.

    `transaction` is how it is entered for the first time; later it is returned or taken back, and what cannot be taken
    becomes a debt. Raises IntegrityError for a payment of somebody else, NotFound for somebody without an account.
    """
    available = (await _lock(session, user_id)).available
    entries, before = await _brought(session, user_id, reference)
    if amount > before:
        again = Transaction.RETURN if entries else transaction
        await _raise(session, again, user_id, amount - before, reference=reference)
    taken = min(before - amount, available)
    if taken > 0:
        await _must_move(session, Transaction.REFUND, user_id, taken, reference=reference)
    if (owed := before - amount - taken) > 0:
        await _must_move(session, Transaction.DEBT, user_id, owed, reference=reference)


async def hold(session: AsyncSession, user_id: str, job_id: str, kind: JobKind) -> None:
    """Sets the price of a job aside; raises PaymentRequired when there is not enough."""
    price = PRICES[kind]
    if price and await _move(session, Transaction.HOLD, user_id, price, job_id=job_id) is None:
        if await session.scalar(select(User.welcomed).where(User.id == user_id)):
            raise PaymentRequired(
                "You have no credits left. Please add credits to make another book.", details={"required": price}
            )
        raise GiftLater(
            "Many new users came from your network today, so your free books are still to come. "
            "Please try again tomorrow, or add credits.",
            details={"required": price},
        )


async def capture(session: AsyncSession, user_id: str, job_id: str) -> None:
    """Spends what was held for a job, because it is done; raises when that has ended already."""
    if held := await _held_for(session, user_id, job_id):
        await _must_move(session, Transaction.CAPTURE, user_id, held, job_id=job_id)


async def release(session: AsyncSession, user_id: str, job_id: str) -> None:
    """Gives back what was held for a job, because it failed; raises when that has ended already."""
    if held := await _held_for(session, user_id, job_id):
        await _raise(session, Transaction.RELEASE, user_id, held, job_id=job_id)


async def close(session: AsyncSession, user_id: str) -> None:
    """Closes the account: what is left is lost, a debt is written off, the entries stay.

    Every hold has to be ended before. Raises NotFound for somebody without an account.
    """
    left = await _lock(session, user_id)
    if left.held:
        raise StorybookError("an account cannot be closed while credits are held for a book")
    if left.available:
        await _must_move(session, Transaction.CLOSE, user_id, left.available)
    if left.owed:
        await _must_move(session, Transaction.WRITE_OFF, user_id, left.owed)
    await session.execute(delete(UserCredits).where(UserCredits.user_id == user_id))


async def _lock(session: AsyncSession, user_id: str) -> Balance:
    row = await session.execute(select(*_BALANCE).where(UserCredits.user_id == user_id).with_for_update())
    if (found := row.one_or_none()) is None:
        raise NotFound("There is no such user.")
    return Balance(*found)


async def _brought(session: AsyncSession, user_id: str, reference: str) -> tuple[int, int]:
    """How many entries there are of a payment, and what it brings now. Asked under the lock."""
    sign = case((CreditTransaction.target == Account.REFUNDED, -1), else_=1)
    brought = func.coalesce(func.sum(sign * CreditTransaction.amount), 0)
    found = select(func.count(), brought).where(
        CreditTransaction.user_id == user_id,
        CreditTransaction.transaction_type.in_(OF_PAYMENTS),
        CreditTransaction.reference == reference,
    )
    entries, amount = (await session.execute(found)).one()
    return entries, amount


async def _held_for(session: AsyncSession, user_id: str, job_id: str) -> int:
    """What was set aside for a job at the price of that day; 0 for a job that costs nothing."""
    entry = select(CreditTransaction.amount).where(
        CreditTransaction.transaction_type == Transaction.HOLD,
        CreditTransaction.job_id == job_id,
        CreditTransaction.user_id == user_id,
    )
    return await session.scalar(entry) or 0


async def _raise(
    session: AsyncSession,
    transaction: Transaction,
    user_id: str,
    amount: int,
    *,
    job_id: str | None = None,
    reference: str | None = None,
) -> None:
    """Raises what can be spent, after a debt is settled."""
    after = await _must_move(session, transaction, user_id, amount, job_id=job_id, reference=reference)
    if after.owed:
        await _must_move(session, Transaction.SETTLE, user_id, min(after.available, after.owed))


async def _must_move(
    session: AsyncSession,
    transaction: Transaction,
    user_id: str,
    amount: int,
    *,
    job_id: str | None = None,
    reference: str | None = None,
) -> Balance:
    after = await _move(session, transaction, user_id, amount, job_id=job_id, reference=reference)
    if after:
        return after
    await _lock(session, user_id)
    raise StorybookError(f"the ledger has nothing to {transaction} for this user")


async def _move(
    session: AsyncSession,
    transaction: Transaction,
    user_id: str,
    amount: int,
    *,
    job_id: str | None = None,
    reference: str | None = None,
) -> Balance | None:
    """Moves credits between two accounts; None, and nothing written, when there is too little."""
    values = {"user": user_id, "moved": amount, "job": job_id, "why": reference}
    after = (await session.execute(_STATEMENTS[transaction], values)).one_or_none()
    return Balance(*after) if after else None


def _statement(transaction: Transaction) -> Select[int, int, int]:
    """Changes the balance, where there is enough, and enters that in the ledger; selects the balance after it."""
    move = MOVES[transaction]
    moved = bindparam("moved", type_=Integer)
    change = update(UserCredits).where(UserCredits.user_id == bindparam("user", type_=String))
    for account, coming in ((move.source, -moved), (move.target, moved)):
        if account in CACHED:
            name, sign = CACHED[account]
            column = getattr(UserCredits, name)
            change = change.where(column + sign * coming >= 0).values({column: column + sign * coming})
    changed = change.returning(UserCredits.user_id, *_BALANCE).cte("changed")
    entry = {
        CreditTransaction.user_id: changed.c.user_id,
        CreditTransaction.job_id: bindparam("job", type_=String),
        CreditTransaction.transaction_type: literal(transaction.value),
        CreditTransaction.source: literal(move.source.value),
        CreditTransaction.target: literal(move.target.value),
        CreditTransaction.amount: moved,
        CreditTransaction.balance_after: changed.c.credits,
        CreditTransaction.reference: bindparam("why", type_=String),
    }
    entered = insert(CreditTransaction).from_select(list(entry), select(*entry.values())).cte("entered")
    return select(*(changed.c[column.key] for column in _BALANCE)).add_cte(entered)


_STATEMENTS = {transaction: _statement(transaction) for transaction in Transaction}

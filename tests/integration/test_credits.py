"""The ledger: every move is entered, nothing goes below zero, every hold ends once, a debt is settled first."""

import asyncio

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.core.errors import NoSuchAccount, NotFound, PaymentRequired, StorybookError
from storybook.domain.credits import MOVES, WELCOME_GIFT, Account, Transaction
from storybook.domain.jobs import JobKind
from storybook.domain.purchases import ProductKind
from storybook.domain.wording import SHOWN_AS, change_of
from storybook.models import CreditTransaction, User
from storybook.services import accounts, audit, credits, transactions
from storybook.services.transactions import Part
from tests import money
from tests.money import Payment

KEY_HASH = accounts.hash_user_key("a-key-of-a-user", pepper="pepper")
USER = "user_of_the_test"
PACK = Payment("a-pack", 5)


@pytest.fixture
async def user(session: AsyncSession) -> str:
    await money.join(session, USER)
    return USER


async def purse(session: AsyncSession) -> tuple[int, int, int]:
    """What can be spent, what is held and what is owed."""
    query = text("SELECT credits, held, owed FROM user_credits WHERE user_id = :id")
    found = (await session.execute(query, {"id": USER})).one()
    return found[0], found[1], found[2]


async def entries(session: AsyncSession) -> list[tuple[str, int, int]]:
    entry = CreditTransaction
    rows = await session.execute(select(entry.transaction_type, entry.amount, entry.balance_after).order_by(entry.id))
    return [(row[0], row[1], row[2]) for row in rows]


async def spend(session: AsyncSession, number: int) -> None:
    for _ in range(number):
        job_id = money.new("job")
        await money.order(session, USER, job_id)
        await money.finish(session, USER, job_id)


async def test_a_new_user_gets_the_welcome_gift_once(database: Database) -> None:
    async def sign_in() -> str:
        async with database.session() as session:
            return await accounts.sign_in(session, KEY_HASH)

    users = await asyncio.gather(*(sign_in() for _ in range(15)))
    assert len(set(users)) == 1
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
        assert await credits.balance(session, users[0]) == WELCOME_GIFT
        assert await audit.examine(session) == []


async def test_every_move_is_entered_with_the_balance_after_it(session: AsyncSession, user: str) -> None:
    await money.pay(session, user, PACK)
    await money.pay(session, user, Payment("a-month", 4, ProductKind.SUBSCRIPTION))
    await credits.grant(session, user, 2, "sorry for the wait")
    await money.order(session, user, "kept")
    await money.order(session, user, "returned")
    await money.finish(session, user, "kept")
    await money.fail(session, user, "returned")
    assert await entries(session) == [
        ("gift", 3, 3),
        ("purchase", 5, 8),
        ("subscription", 4, 12),
        ("grant", 2, 14),
        ("hold", 1, 13),
        ("hold", 1, 12),
        ("capture", 1, 12),
        ("release", 1, 13),
    ]
    assert await purse(session) == (13, 0, 0)


async def test_what_a_store_takes_back_is_never_more_than_there_is_and_the_rest_is_settled_first(
    session: AsyncSession, user: str
) -> None:
    await money.pay(session, user, PACK)
    await money.order(session, user, "under way")
    await spend(session, 5)
    await money.take_back(session, user, PACK)
    assert await purse(session) == (0, 1, 3)
    with pytest.raises(PaymentRequired):
        await credits.hold(session, user, "another", JobKind.BOOK)
    await credits.grant(session, user, 1, "a part of it")
    assert await purse(session) == (0, 1, 2)
    await money.fail(session, user, "under way")
    assert await purse(session) == (0, 0, 1)
    await money.pay(session, user, Payment("another-pack", 3))
    assert await purse(session) == (2, 0, 0)
    assert (await entries(session))[-8:] == [
        ("refund", 2, 0),
        ("debt", 3, 0),
        ("grant", 1, 1),
        ("settle", 1, 0),
        ("release", 1, 1),
        ("settle", 1, 0),
        ("purchase", 3, 3),
        ("settle", 1, 2),
    ]
    assert await audit.examine(session, money.CATALOGUE) == []


async def test_what_the_user_is_shown_adds_up_to_the_balance(session: AsyncSession, user: str) -> None:
    await money.pay(session, user, PACK)
    await spend(session, 6)
    await money.take_back(session, user, PACK)
    await credits.grant(session, user, 8, "a reason")
    await money.order(session, user, "under way")
    shown = (await transactions.history(session, user, Part(limit=100))).entries
    changes = [change_of(Transaction(entry.transaction_type), entry.amount) for entry in shown]
    assert sum(changes) == (await purse(session))[0] == shown[0].balance_after == 4
    assert all(change for change in changes)


def test_all_that_changes_what_can_be_spent_is_shown_while_there_is_a_user() -> None:
    spendable = {transaction for transaction, move in MOVES.items() if Account.AVAILABLE in move}
    assert set(SHOWN_AS) == spendable - {Transaction.CLOSE}


@pytest.mark.parametrize(("first", "second"), [("capture", "release"), ("release", "capture"), ("release", "release")])
async def test_a_hold_ends_once(session: AsyncSession, user: str, first: str, second: str) -> None:
    await money.order(session, user, "job")
    await money.order(session, user, "other")
    await getattr(credits, first)(session, user, "job")
    with pytest.raises(IntegrityError):
        await getattr(credits, second)(session, user, "job")


async def test_what_was_held_is_what_is_given_back_whatever_the_price_is_by_then(
    session: AsyncSession, user: str
) -> None:
    await money.order(session, user, "job")
    await session.execute(text("ALTER TABLE credit_transactions DISABLE TRIGGER ALL"))
    await session.execute(text("UPDATE credit_transactions SET amount = 2 WHERE transaction_type = 'hold'"))
    await session.execute(text("UPDATE user_credits SET credits = 1, held = 2"))
    await credits.release(session, user, "job")
    assert await purse(session) == (3, 0, 0)


async def test_a_job_of_somebody_else_gives_nothing_back(session: AsyncSession, user: str) -> None:
    await money.join(session, "somebody")
    await money.order(session, "somebody", "job")
    await money.order(session, user, "mine")
    await credits.release(session, user, "job")
    assert await purse(session) == (2, 1, 0)


@pytest.mark.parametrize("kind", ProductKind)
async def test_a_payment_is_entered_once(session: AsyncSession, user: str, kind: ProductKind) -> None:
    for _ in range(2):
        await money.enter(session, user, Payment("paid", 5, kind))
    assert await purse(session) == (3 + 5, 0, 0)
    await money.join(session, "somebody")
    with pytest.raises(IntegrityError):
        await money.enter(session, "somebody", Payment("paid", 5, kind))


@pytest.mark.parametrize("left", [0, 1, 2, 3])
async def test_a_payment_is_taken_back_and_given_again_once_be_it_as_credits_or_as_a_debt(
    session: AsyncSession, user: str, left: int
) -> None:
    paid = Payment("paid", 2)
    await money.pay(session, user, paid)
    await spend(session, 5 - left)
    for _ in range(2):
        for _ in range(2):
            await money.take_back(session, user, paid)
            assert await purse(session) == (max(0, left - 2), 0, max(0, 2 - left))
            assert await audit.examine(session, money.CATALOGUE) == []
        for _ in range(2):
            await money.give_again(session, user, paid)
            assert await purse(session) == (left, 0, 0)
            assert await audit.examine(session, money.CATALOGUE) == []


async def test_a_second_gift_is_refused(session: AsyncSession, user: str) -> None:
    with pytest.raises(IntegrityError):
        await credits.welcome(session, user)


@pytest.mark.parametrize("amount", [0, -1, -(2**31)])
async def test_an_amount_is_more_than_nothing(session: AsyncSession, user: str, amount: int) -> None:
    with pytest.raises((IntegrityError, StorybookError)):
        await credits.grant(session, user, amount, "a reason")


async def test_a_closed_account_has_lost_what_was_left_and_keeps_its_entries(session: AsyncSession, user: str) -> None:
    await money.order(session, user, "under way")
    with pytest.raises(StorybookError, match="held"):
        await credits.close(session, user)
    await money.leave(session, user)
    assert (await entries(session))[-2:] == [("release", 1, 3), ("close", 3, 0)]
    for late in (credits.grant(session, user, 1, "late"), money.enter(session, user, Payment("late", 1))):
        with pytest.raises(NotFound):
            await late
    assert await audit.examine(session, money.CATALOGUE) == []


async def test_who_was_deleted_a_moment_ago_has_no_credits_to_be_told_of(session: AsyncSession, user: str) -> None:
    assert (await transactions.standing(session, user)).credits.credits == WELCOME_GIFT
    await money.leave(session, user)
    with pytest.raises(NoSuchAccount):
        await transactions.standing(session, user)


async def test_a_debt_is_written_off_with_the_account(session: AsyncSession, user: str) -> None:
    await money.pay(session, user, PACK)
    await spend(session, 8)
    await money.take_back(session, user, PACK)
    await money.leave(session, user)
    assert (await entries(session))[-1] == ("write_off", 5, 0)
    assert await audit.examine(session, money.CATALOGUE) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credit_transactions SET amount = 1000",
        "UPDATE credit_transactions SET reference = NULL",
        "DELETE FROM credit_transactions",
        "TRUNCATE credit_transactions",
    ],
)
async def test_the_database_refuses_to_change_the_ledger(session: AsyncSession, user: str, change: str) -> None:
    with pytest.raises(DBAPIError, match="only ever inserted"):
        await session.execute(text(change))


@pytest.mark.parametrize("column", ["credits", "held", "owed", "total_purchased", "total_used"])
async def test_the_database_refuses_a_balance_below_zero(session: AsyncSession, user: str, column: str) -> None:
    with pytest.raises(IntegrityError):
        await session.execute(text(f"UPDATE user_credits SET {column} = -1"))  # noqa: S608 - a column of the test

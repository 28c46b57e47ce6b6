"""A user's account: what it is, how it is changed, and how all of it is deleted."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.core.errors import NoSuchAccount, NotFound, Unavailable
from storybook.models import (
    AccountDeletion,
    Book,
    Character,
    Device,
    Job,
    JobPhoto,
    Page,
    RateLimit,
    ReadingLog,
    Subscription,
    User,
)
from storybook.services import credits, files, jobs, payments
from storybook.services.accounts import DeviceHolder, KeyHolder

PATIENCE = "300ms"
TRIES = 20
LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"


class Account(NamedTuple):
    user: User
    books: int


async def get(session: AsyncSession, user_id: str) -> Account:
    """The account with the number of its finished books; raises NotFound."""
    books = select(func.count()).select_from(Book).where(Book.user_id == User.id).scalar_subquery()
    row = (await session.execute(select(User, books).where(User.id == user_id))).one_or_none()
    if row is None:
        raise NoSuchAccount
    return Account(*row)


async def change(session: AsyncSession, user_id: str, changes: Mapping[str, Any]) -> None:
    """Sets columns of the user's row, such as `time_zone`."""
    if changes:
        await session.execute(update(User).where(User.id == user_id).values(changes))


async def remove(database: Database, user_id: str) -> AccountDeletion:
    """Deletes the user with all rows, and discards all files; entries of the ledger stay, which name nobody.

    Gives way to whoever writes for this user at the same time, and tries again. Raises NotFound where there is nobody
    (any more), Unavailable when there is no end of writing.
    """
    for _ in range(TRIES):
        try:
            async with database.session() as session:
                return await _remove(session, user_id)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in {LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED}:
                raise
    raise Unavailable("Your account is busy. Please try to delete it again in a moment.", retry_after=5)


async def find_deletion(session: AsyncSession, deletion_id: str) -> AccountDeletion:
    """The proof of a deletion; raises NotFound."""
    if deletion := await session.get(AccountDeletion, deletion_id):
        return deletion
    raise NotFound("There is no such deletion.")


async def _remove(session: AsyncSession, user_id: str) -> AccountDeletion:
    """Locked, the user can order nothing more; whoever is at work already goes first, see `remove`."""
    await session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    user = await session.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None:
        raise NoSuchAccount
    at_work = await jobs.end_all_of(session, user_id)
    await credits.close(session, user_id)
    deletion = AccountDeletion(id=f"deletion_{secrets.token_hex(16)}", removed=await _count(session, user_id))
    session.add(deletion)
    await session.flush()
    folders = dict.fromkeys(await session.scalars(select(Job.asset_token).where(Job.user_id == user_id)))
    await files.discard_account(session, deletion.id, folders | at_work)
    await _forget_calls(session, user)
    await payments.forget_tokens(session, user_id)
    await session.execute(delete(User).where(User.id == user_id))
    await session.refresh(deletion)
    return deletion


async def _forget_calls(session: AsyncSession, user: User) -> None:
    """Calls are counted by who a request says it is."""
    named = [DeviceHolder(user.id, "").subject]
    if user.key_hash:
        named.append(KeyHolder(user.key_hash).subject)
    await session.execute(delete(RateLimit).where(RateLimit.subject.in_([f"user:{subject}" for subject in named])))


async def _count(session: AsyncSession, user_id: str) -> dict[str, int]:
    """How many rows of each kind the user has."""
    counts = {
        "books": _number(Book, user_id),
        "characters": _number(Character, user_id),
        "jobs": _number(Job, user_id),
        "devices": _number(Device, user_id),
        "subscriptions": _number(Subscription, user_id),
        "readings": _number(ReadingLog, user_id),
        "pages": select(func.count()).select_from(Page).join(Book).where(Book.user_id == user_id).scalar_subquery(),
        "photos": select(func.count()).select_from(JobPhoto).join(Job).where(Job.user_id == user_id).scalar_subquery(),
    }
    row = (await session.execute(select(*counts.values()))).one()
    return dict(zip(counts, row, strict=True))


def _number(table: Any, user_id: str) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(table.user_id == user_id).scalar_subquery()

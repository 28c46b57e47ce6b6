"""Files that nobody needs any more: noted in the transaction that makes them so, deleted afterwards."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CTE, Interval, String, bindparam, delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database, Prepared
from storybook.core.errors import StorageError
from storybook.models import AccountDeletion, DiscardedFiles
from storybook.models.base import table_of
from storybook.storage.base import Storage

AT_ONCE = 50
UNCLAIMED = timedelta(days=1)
"""How long a file may be there before it belongs to anything; far longer than any job lasts."""


def folder_of(asset_token: str) -> str:
    """Where a job's files are; the token keeps the address from being guessed."""
    return f"books/{asset_token}"


_ANNOUNCE = Prepared(
    insert(table_of(DiscardedFiles))
    .values(key=bindparam("key"), due_at=func.now() + literal(UNCLAIMED, Interval))
    .on_conflict_do_nothing()
)


async def announce(database: Database, key: str) -> None:
    """To be done before an object is put there: it goes again unless somebody keeps it, whatever happens to us.

    It is tried again while the database is away.
    """
    await database.insist(_ANNOUNCE, key=key)


async def keep(session: AsyncSession, *keys: str | None) -> None:
    """These objects were announced, and belong to something from now on."""
    await session.execute(delete(DiscardedFiles).where(DiscardedFiles.key.in_([key for key in keys if key])))


def keeping(which: CTE) -> CTE:
    """The same for the object of the parameter `kept_key`, where `which` has a row."""
    kept = delete(table_of(DiscardedFiles)).where(DiscardedFiles.key == bindparam("kept_key", type_=String))
    return kept.where(exists(select(literal(1)).select_from(which))).returning(DiscardedFiles.key).cte("kept")


async def discard(session: AsyncSession, *keys: str | None) -> None:
    """These objects go once the caller's transaction is committed; a key with a slash at its end is a folder."""
    await _discard(session, [{"key": key} for key in keys if key])


async def discard_account(session: AsyncSession, deletion_id: str, tokens: Mapping[str, datetime | None]) -> None:
    """The folders of a deleted user's jobs go, twice where a runner may go on writing until the time given."""
    await _discard(
        session,
        [
            {"key": folder_of(token) + "/", "deletion_id": deletion_id, "written_until": until}
            for token, until in sorted(tokens.items())
        ],
    )
    await _note_whether_gone(session, deletion_id)


async def _discard(session: AsyncSession, discarded: list[dict[str, Any]]) -> None:
    """What waits already is due anew: its objects may have been deleted a moment before others were put there."""
    if not discarded:
        return
    new = insert(DiscardedFiles)
    again = {
        "due_at": func.now(),
        "deletion_id": func.coalesce(new.excluded.deletion_id, DiscardedFiles.deletion_id),
        "written_until": func.greatest(new.excluded.written_until, DiscardedFiles.written_until),
    }
    await session.execute(new.on_conflict_do_update(index_elements=[DiscardedFiles.key], set_=again), discarded)


async def remove_discarded(database: Database, storage: Storage) -> int:
    """Deletes what was discarded; returns how many keys went. One that fails goes to the end of the queue."""
    due = select(DiscardedFiles).where(DiscardedFiles.due_at <= func.now())
    async with database.session() as session:
        waiting = list(await session.scalars(due.order_by(DiscardedFiles.due_at, DiscardedFiles.key).limit(AT_ONCE)))
    for discarded in waiting:
        try:
            await _remove(storage, discarded.key)
        except StorageError:
            async with database.session() as session:
                await session.execute(update(DiscardedFiles).where(*_as_seen(discarded)).values(due_at=func.now()))
            raise
        async with database.session() as session:
            await _settle(session, discarded)
    return len(waiting)


async def _remove(storage: Storage, key: str) -> None:
    if key.endswith("/"):
        await storage.delete_prefix(key)
    else:
        await storage.delete(key)


async def _settle(session: AsyncSession, seen: DiscardedFiles) -> None:
    """Takes a removed key from the queue, unless it was discarded once more or is to be removed once more."""
    if seen.deletion_id:
        await _lock_proof(session, seen.deletion_id)
    once_more = update(DiscardedFiles).where(*_as_seen(seen), DiscardedFiles.written_until > func.now())
    await session.execute(once_more.values(due_at=DiscardedFiles.written_until, written_until=None))
    await session.execute(delete(DiscardedFiles).where(*_as_seen(seen)))
    if seen.deletion_id:
        await _note_whether_gone(session, seen.deletion_id)


def _as_seen(seen: DiscardedFiles) -> tuple[Any, ...]:
    return (DiscardedFiles.key == seen.key, DiscardedFiles.due_at == seen.due_at)


async def _lock_proof(session: AsyncSession, deletion_id: str) -> None:
    """Whoever removes the last key has to see that the others are gone."""
    await session.execute(select(AccountDeletion.id).where(AccountDeletion.id == deletion_id).with_for_update())


async def _note_whether_gone(session: AsyncSession, deletion_id: str) -> None:
    left = select(DiscardedFiles.key).where(DiscardedFiles.deletion_id == deletion_id).exists()
    waiting = (AccountDeletion.id == deletion_id, AccountDeletion.files_gone_at.is_(None))
    await session.execute(update(AccountDeletion).where(*waiting, ~left).values(files_gone_at=func.now()))

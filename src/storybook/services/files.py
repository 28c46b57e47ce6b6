"""Files that nobody needs any more: noted in the transaction that makes them so, deleted afterwards."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.models import DiscardedFiles
from storybook.storage.base import Storage

AT_ONCE = 50


def folder_of(asset_token: str) -> str:
    """Where a job's files are; the token keeps the address from being guessed."""
    return f"books/{asset_token}"


async def discard(session: AsyncSession, *keys: str | None) -> None:
    """These objects go once the caller's transaction is committed; a key with a slash at its end is a folder."""
    discarded = [{"key": key} for key in keys if key]
    if discarded:
        await session.execute(insert(DiscardedFiles).on_conflict_do_nothing(), discarded)


async def discard_folders_of(session: AsyncSession, *keys: str | None) -> None:
    """The folders of these objects go, with all that is in them."""
    folders = {key.rsplit("/", 1)[0] + "/" for key in keys if key}
    await discard(session, *sorted(folders))


async def remove_discarded(database: Database, storage: Storage) -> int:
    """Deletes what was discarded; returns how many keys went. One that fails is tried again next time."""
    waiting = select(DiscardedFiles.key).order_by(DiscardedFiles.created_at).limit(AT_ONCE)
    async with database.session() as session:
        keys = list(await session.scalars(waiting))
    for key in keys:
        if key.endswith("/"):
            await storage.delete_prefix(key)
        else:
            await storage.delete(key)
        async with database.session() as session:
            await session.execute(delete(DiscardedFiles).where(DiscardedFiles.key == key))
    return len(keys)

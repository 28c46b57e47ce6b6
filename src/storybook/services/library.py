"""The library: a user's finished books, newest first."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.models import Book


class Shelf(NamedTuple):
    books: list[Book]
    total: int


async def list_books(session: AsyncSession, user_id: str, *, limit: int, offset: int) -> Shelf:
    """One part of the user's books and how many there are in all."""
    mine = select(Book).where(Book.user_id == user_id)
    total = await session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    page = mine.order_by(Book.created_at.desc(), Book.id.desc()).limit(limit).offset(offset)
    return Shelf(list(await session.scalars(page)), total)

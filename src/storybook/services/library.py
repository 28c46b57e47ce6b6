"""The library: a user's finished books."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter
from sqlalchemy import ColumnElement, delete, func, literal, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storybook.core.errors import Invalid, NoSuchBook
from storybook.domain.book_spec import Style, TargetAge
from storybook.domain.values import Readable
from storybook.models import Book
from storybook.services import books, files, jobs
from storybook.services.accounts import UserRef, owner


class Sort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"


_Place = Annotated[str, Field(max_length=200), Readable]
_CURSOR: TypeAdapter[tuple[Sort, str, str, str]] = TypeAdapter(tuple[Sort, _Place, _Place, _Place])


class Wish(NamedTuple):
    """What part of the library is asked for. With a cursor, `offset` counts from it."""

    limit: int
    offset: int = 0
    cursor: str | None = None
    search: str | None = None
    style: Style | None = None
    target_age: TargetAge | None = None
    series_id: str | None = None
    sort: Sort = Sort.NEWEST


class Shelf(NamedTuple):
    """`total` counts all books that fit the wish; `next_cursor` is None at the end."""

    books: list[Book]
    total: int
    next_cursor: str | None


async def list_books(session: AsyncSession, user: UserRef, wish: Wish) -> Shelf:
    """One part of the user's books, in one statement. Raises Invalid for a cursor that is not of this list."""
    fitting = select(Book).where(Book.user_id == owner(user), *_filters(wish))
    total = select(func.count()).select_from(fitting.subquery()).subquery()
    order = _order(wish.sort)
    part = fitting.order_by(*order).limit(wish.limit + 1).offset(wish.offset)
    if wish.cursor:
        part = part.where(_after(wish))
    shown = aliased(Book, part.subquery())
    statement = select(total.c[0], shown).join_from(total, shown, true(), isouter=True)
    rows = (await session.execute(statement.order_by(*_order(wish.sort, shown)))).all()
    found = [book for _, book in rows if book]
    more = len(found) > wish.limit
    found = found[: wish.limit]
    return Shelf(found, rows[0][0], _cursor(wish, found[-1]) if more else None)


async def rename(session: AsyncSession, user: UserRef, book_id: str, title: str) -> None:
    """Gives a book another title; its PDF is made anew. Raises NotFound."""
    mine = select(Book).where(Book.id == book_id, Book.user_id == owner(user)).with_for_update()
    book = await session.scalar(mine)
    if book is None:
        raise NoSuchBook
    await files.discard(session, book.pdf_key)
    book.title, book.pdf_key, book.revision = title, None, book.revision + 1


async def remove(session: AsyncSession, user: UserRef, book_id: str) -> None:
    """Deletes a book with all that belongs to it, files and what it was made from too; its kept hero stays.

    Whatever is being made for it ends, and all files are in the folders of its jobs. They are locked before the book,
    as runners do it; once more after it, for one that was ordered in between. Raises NotFound.
    """
    book = await books.get(session, user, book_id)
    await jobs.forget(session, jobs.of_book(book.user_id, book.id, book.job_id))
    await session.execute(delete(Book).where(Book.id == book.id))
    await jobs.forget(session, jobs.of_book(book.user_id, book.id, book.job_id))


def _filters(wish: Wish) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wish.search:
        found.append(Book.title.icontains(wish.search, autoescape=True))
    if wish.style:
        found.append(Book.style == wish.style)
    if wish.target_age:
        found.append(Book.target_age == wish.target_age)
    if wish.series_id:
        found.append(Book.series_id == wish.series_id)
    return found


def _order(sort: Sort, book: Any = Book) -> tuple[Any, ...]:
    match sort:
        case Sort.NEWEST:
            return book.created_at.desc(), book.id.desc()
        case Sort.OLDEST:
            return book.created_at, book.id
        case Sort.TITLE:
            return func.lower(book.title), book.id


def _cursor(wish: Wish, last: Book) -> str:
    """Where a list goes on: after this book, whatever arrives before it."""
    place = last.title if wish.sort is Sort.TITLE else last.created_at.isoformat()
    parts = [wish.sort, _filtered_by(wish), place, last.id]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _filtered_by(wish: Wish) -> str:
    """The same for the same filters: a list goes on only as it began."""
    chosen = json.dumps([wish.search, wish.style, wish.target_age, wish.series_id])
    return hashlib.sha256(chosen.encode()).hexdigest()[:16]


def _after(wish: Wish) -> ColumnElement[bool]:
    try:
        padded = (wish.cursor or "") + "=" * (-len(wish.cursor or "") % 4)
        sort, filtered_by, place, book_id = _CURSOR.validate_json(base64.urlsafe_b64decode(padded))
        if (sort, filtered_by) != (wish.sort, _filtered_by(wish)):
            raise _another_list()
        if wish.sort is Sort.TITLE:
            return tuple_(func.lower(Book.title), Book.id) > tuple_(func.lower(literal(place)), literal(book_id))
        moment = datetime.fromisoformat(place).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _another_list() from error
    key = tuple_(Book.created_at, Book.id)
    return key < (moment, book_id) if wish.sort is Sort.NEWEST else key > (moment, book_id)


def _another_list() -> Invalid:
    return Invalid("The cursor is not of this list. Please begin again without it.")

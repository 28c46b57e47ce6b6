"""The library: all finished books of a user."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, StringConstraints

from storybook.core.errors import Invalid
from storybook.domain.book_spec import Language, Style, TargetAge
from storybook.domain.normalize import tidy
from storybook.domain.values import Composed, Readable
from storybook.routers.answers import errors
from storybook.routers.deps import (
    IDENTIFIER,
    BookId,
    Offset,
    Reader,
    ReadingDep,
    ResourcesDep,
    SessionDep,
    UrlDep,
    UserId,
)
from storybook.routers.screening import ScreeningDep
from storybook.schemas.books import BookAnswer
from storybook.schemas.common import Message
from storybook.schemas.library import LibraryAnswer, Rename
from storybook.services import books, characters, library
from storybook.services.library import Sort, Wish

router = APIRouter(prefix="/v1/library", tags=["library"])

Words = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00]*$"),
    Composed,
    Readable,
    AfterValidator(tidy),
]


@router.get("", summary="List the library", responses=errors())
async def list_books(  # noqa: PLR0913, PLR0917 - the query's parameters
    reader: Reader,
    session: ReadingDep,
    url: UrlDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Offset = 0,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the part before")] = None,
    q: Annotated[Words | None, Query(description="A part of the title, in any case")] = None,
    style: Style | None = None,
    age: TargetAge | None = None,
    target_age: Annotated[TargetAge | None, Query(description="The same as `age`")] = None,
    series: Annotated[str | None, Query(pattern=IDENTIFIER)] = None,
    sort: Sort = Sort.NEWEST,
) -> LibraryAnswer:
    """The newest books first, unless sorted otherwise; `q` searches in titles."""
    if age and target_age and age is not target_age:
        raise Invalid("age and target_age are the same filter. Please send one of them.")
    wish = Wish(limit, offset, cursor, q, style, age or target_age, series, sort)
    return LibraryAnswer.of(await library.list_books(session, reader, wish), url)


@router.patch("/{book_id}", summary="Rename a book", responses=errors(404, 413))
async def rename_book(
    book_id: BookId, rename: Rename, user_id: UserId, resources: ResourcesDep, screening: ScreeningDep, url: UrlDep
) -> BookAnswer:
    """Gives the book another title, on its cover too.

    The title is judged first: 422 for one that does not fit into a children's book, 503 while nobody can judge it.
    """
    async with resources.database.reading() as session:
        book = await books.get(session, user_id, book_id)
        names = (book.hero, *await characters.told_names(session, user_id))
    said = {"title": (rename.title,)}
    await screening.require_fit(user_id, said, Language(book.language), TargetAge(book.target_age), names=names)
    async with resources.database.session() as session:
        await library.rename(session, user_id, book_id, rename.title)
        book = await books.get(session, user_id, book_id)
        return BookAnswer.of(book, book.pages, url)


@router.delete("/{book_id}", summary="Delete a book", responses=errors(404))
async def delete_book(book_id: BookId, user_id: UserId, session: SessionDep) -> Message:
    """Deletes the book and all that belongs to it, its files too."""
    await library.remove(session, user_id, book_id)
    return Message(message="The book is deleted.")

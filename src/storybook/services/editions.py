"""Editions of finished books. Each is made once and stored beside the book's pictures."""

import asyncio
from functools import partial

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.errors import Unavailable
from storybook.domain.book_spec import Language
from storybook.editions.manuscript import Manuscript, ManuscriptPage
from storybook.editions.pdf import render_pdf
from storybook.models import Book
from storybook.services import books, files
from storybook.services.accounts import UserRef
from storybook.services.reading import ANSWER_SECONDS, RETRY_SECONDS, read
from storybook.storage.base import Storage, new_token

PDF = "application/pdf"

_being_made: dict[tuple[str, int], asyncio.Future[bytes]] = {}
"""By book and revision. One goes on when whoever asked has left: the next one finds it done."""


async def pdf_of(database: Database, storage: Storage, cpu: CpuPool, user: UserRef, book_id: str) -> tuple[str, bytes]:
    """The title and the PDF of the user's book; whoever asks while it is made waits for the same.

    Raises NotFound, StorageError where the pictures cannot be had, and Unavailable where it takes `ANSWER_SECONDS`.
    """
    book = await _read(database, user, book_id)
    if book.pdf_key is not None:
        return book.title, await read(storage, book.pdf_key)
    place = book.id, book.revision
    if place not in _being_made:
        _being_made[place] = asyncio.ensure_future(_made(database, storage, cpu, user, book_id))
        _being_made[place].add_done_callback(partial(_forget, place))
    making = _being_made[place]
    await asyncio.wait([making], timeout=ANSWER_SECONDS)
    if not making.done():
        raise Unavailable("The book is still being printed. Please ask again in a moment.", retry_after=RETRY_SECONDS)
    return book.title, making.result()


async def _made(database: Database, storage: Storage, cpu: CpuPool, user: UserRef, book_id: str) -> bytes:
    """The PDF, which may have been stored since somebody looked for it."""
    book = await _read(database, user, book_id)
    if book.pdf_key is not None:
        return await read(storage, book.pdf_key)
    return await _make_pdf(book, database, storage, cpu)


def _forget(place: tuple[str, int], made: asyncio.Future[bytes]) -> None:
    """Its failure was told to all who waited; there may be none."""
    del _being_made[place]
    if not made.cancelled():
        made.exception()


async def _read(database: Database, user: UserRef, book_id: str) -> Book:
    async with database.session() as session:
        return await books.get(session, user, book_id)


async def _make_pdf(book: Book, database: Database, storage: Storage, cpu: CpuPool) -> bytes:
    """The book's PDF, drawn in another process and stored."""
    keys = [book.cover_key, *(page.image_key for page in book.pages)]
    cover, *pictures = await asyncio.gather(*(read(storage, key) for key in keys))
    manuscript = Manuscript(
        title=book.title,
        language=Language(book.language),
        cover=cover,
        pages=tuple(
            ManuscriptPage(page_number=page.page_number, text=page.text, picture=picture)
            for page, picture in zip(book.pages, pictures, strict=True)
        ),
        made_by=tuple(dict.fromkeys(book.made_by.values())),
        created=book.created_at.date(),
        moral=book.moral,
        hero=book.hero,
    )
    data = await cpu.run(render_pdf, manuscript)
    key = f"{book.cover_key.rsplit('/', 1)[0]}/book-{book.revision}-{new_token()}.pdf"
    await files.announce(database, key)
    await storage.put(key, data, PDF)
    async with database.session() as session:
        await books.remember_pdf(session, book, key)
    return data

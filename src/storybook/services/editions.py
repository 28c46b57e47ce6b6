"""Editions of finished books. Each is made once and stored beside the book's pictures."""

import asyncio
from weakref import WeakValueDictionary

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.domain.book_spec import Language
from storybook.editions.manuscript import Manuscript, ManuscriptPage
from storybook.editions.pdf import render_pdf
from storybook.models import Book
from storybook.services import books, files
from storybook.services.accounts import UserRef
from storybook.storage.base import Storage, new_token

PDF = "application/pdf"

_being_made: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


async def pdf_of(database: Database, storage: Storage, cpu: CpuPool, user: UserRef, book_id: str) -> tuple[str, bytes]:
    """The title and the PDF of the user's book; whoever asks while it is made waits for the same. Raises NotFound."""
    book = await _read(database, user, book_id)
    if book.pdf_key is None:
        async with _being_made.setdefault(book_id, asyncio.Lock()):
            book = await _read(database, user, book_id)
            if book.pdf_key is None:
                return book.title, await _make_pdf(book, database, storage, cpu)
    return book.title, (await storage.get(book.pdf_key)).data


async def _read(database: Database, user: UserRef, book_id: str) -> Book:
    async with database.session() as session:
        return await books.get(session, user, book_id)


async def _make_pdf(book: Book, database: Database, storage: Storage, cpu: CpuPool) -> bytes:
    """The book's PDF, drawn in another process and stored."""
    cover, *pictures = await asyncio.gather(
        storage.get(book.cover_key), *(storage.get(page.image_key) for page in book.pages)
    )
    manuscript = Manuscript(
        title=book.title,
        language=Language(book.language),
        cover=cover.data,
        pages=tuple(
            ManuscriptPage(page_number=page.page_number, text=page.text, picture=picture.data)
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

"""Editions of finished books. Each is made once and stored beside the book's pictures."""

import asyncio

from storybook.core.cpu import CpuPool
from storybook.domain.book_spec import Language
from storybook.editions.manuscript import Manuscript, ManuscriptPage
from storybook.editions.pdf import render_pdf
from storybook.models import Book
from storybook.storage.base import Storage, new_token

PDF = "application/pdf"


async def make_pdf(book: Book, storage: Storage, cpu: CpuPool) -> tuple[str, bytes]:
    """The storage key and the bytes of the book's PDF, drawn in another process. The book's pages are loaded."""
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
    await storage.put(key, data, PDF)
    return key, data

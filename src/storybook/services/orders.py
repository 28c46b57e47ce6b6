"""Accepting work: checks what was asked for and queues a job for it. Nothing is written when it is refused."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import BadRequest, NotFound
from storybook.domain.book_spec import BookSpec, Language
from storybook.domain.jobs import JobKind, JobState
from storybook.domain.orders import (
    AudioOrder,
    BookOrder,
    DescriptionOrder,
    Order,
    PageOrder,
    RegenerateMode,
    SeriesLink,
)
from storybook.domain.speech import WordTiming
from storybook.models import Book, Job
from storybook.services import books, characters, jobs
from storybook.services.quotas import Quotas

COVERS = 1


async def order_book(
    session: AsyncSession, user_id: str, spec: BookSpec, quotas: Quotas, series: SeriesLink | None = None
) -> Job:
    """A book, or the next one of a series.

    Raises NotFound for a character that is not the user's, Invalid for two of one name, PaymentRequired without credit.
    """
    await characters.require_cast(session, user_id, spec)
    kept = spec.model_copy(update={"reference_image_base64": None})
    return await jobs.start(session, user_id, JobKind.BOOK, BookOrder(spec=kept, series=series), quotas)


async def order_page(
    session: AsyncSession,
    user_id: str,
    job_id: str,
    page_number: int,
    mode: RegenerateMode,
    feedback: str | None,
    quotas: Quotas,
) -> Job:
    """Makes a page of a finished book again. Raises NotFound, or BadRequest while the book is not done."""
    made_by = await jobs.get(session, user_id, job_id)
    if made_by.status != JobState.DONE:
        raise BadRequest("This book is not finished yet. Please wait until it is done.")
    book = await books.find_of_job(session, made_by.id)
    if book:
        await books.hold(session, user_id, book.id)
    if book is None or all(page.page_number != page_number for page in book.pages):
        raise NotFound("This book has no such page.")
    order = PageOrder(
        book_id=book.id, page_number=page_number, mode=mode, feedback=feedback, language=Language(book.language)
    )
    return await jobs.start(session, user_id, JobKind.PAGE, order, quotas)


async def order_audio(session: AsyncSession, user_id: str, book_id: str, quotas: Quotas) -> str:
    """The id of the job that gives the book a voice, one at a time. Raises NotFound."""
    book = await _locked(session, user_id, book_id)
    return await _read_aloud(session, user_id, book, None, quotas)


async def order_descriptions(session: AsyncSession, user_id: str, book_id: str, quotas: Quotas) -> str:
    """The id of the job that puts the book's pictures into words, one at a time. Raises NotFound."""
    book = await _locked(session, user_id, book_id)
    order = DescriptionOrder(book_id=book.id, language=Language(book.language), pictures=len(book.pages) + COVERS)
    return await _one_at_a_time(session, user_id, JobKind.DESCRIPTION, order, quotas)


async def find_under_way(
    session: AsyncSession, user_id: str, kind: JobKind, order: AudioOrder | DescriptionOrder
) -> str | None:
    """The id of the unfinished job for the same; nobody else orders such a thing for the book until the transaction
    ends. Raises NotFound.
    """
    await _locked(session, user_id, order.book_id)
    return await jobs.find_under_way(session, user_id, kind, order)


class Voice(NamedTuple):
    """Where a page's voice is and when its words sound, or else the job that makes it."""

    key: str | None
    job_id: str | None
    words: tuple[WordTiming, ...] = ()


async def voice_of(session: AsyncSession, user_id: str, book_id: str, page_number: int, quotas: Quotas) -> Voice:
    """The page's voice; a job is started where there is none, one at a time. Raises NotFound."""
    book = await _locked(session, user_id, book_id)
    page = next((page for page in book.pages if page.page_number == page_number), None)
    if page is None:
        raise NotFound("This book has no such page.")
    if page.audio_key:
        return Voice(page.audio_key, None, books.spoken_words(page))
    return Voice(None, await _read_aloud(session, user_id, book, page_number, quotas))


async def _locked(session: AsyncSession, user_id: str, book_id: str) -> Book:
    """The book, for which nobody else orders such a thing until the transaction ends."""
    await session.execute(select(Book.id).where(Book.id == book_id, Book.user_id == user_id).with_for_update())
    return await books.get(session, user_id, book_id)


async def _read_aloud(session: AsyncSession, user_id: str, book: Book, page_number: int | None, quotas: Quotas) -> str:
    order = AudioOrder(book_id=book.id, page_number=page_number, language=Language(book.language))
    return await _one_at_a_time(session, user_id, JobKind.AUDIO, order, quotas)


async def _one_at_a_time(session: AsyncSession, user_id: str, kind: JobKind, order: Order, quotas: Quotas) -> str:
    """The id of the job that is under way for the same, or else of a new one."""
    under_way = await jobs.find_under_way(session, user_id, kind, order)
    return under_way or (await jobs.start(session, user_id, kind, order, quotas)).id

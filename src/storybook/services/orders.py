"""Accepting work: checks what was asked for and queues a job for it. Nothing is written when it is refused."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import BadRequest, Conflict, NotFound
from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge, Theme
from storybook.domain.characters import CastSheet
from storybook.domain.jobs import JobKind, JobState, Step
from storybook.domain.orders import AudioOrder, BookOrder, PageOrder, RegenerateMode, SeriesLink, read_order
from storybook.models import Book, Job
from storybook.models.jobs import WHOLE_BOOK
from storybook.services import artifacts, books, characters, jobs

MAX_CONTEXT = 500


class NextBook(NamedTuple):
    """The wish for the next book of a series; None is as it was before."""

    topic: str
    previous_book_id: str | None
    character_id: str | None
    target_age: TargetAge | None
    style: Style | None
    theme: Theme | None
    page_count: int
    forbidden_elements: tuple[str, ...] | None


async def order_book(session: AsyncSession, user_id: str, spec: BookSpec) -> Job:
    """Raises NotFound for a character that is not the user's, PaymentRequired without credit."""
    await characters.require_all(session, user_id, spec.chosen_characters)
    kept = spec.model_copy(update={"reference_image_base64": None})
    return await jobs.start(session, user_id, JobKind.BOOK, BookOrder(spec=kept))


async def order_next_book(session: AsyncSession, user_id: str, wish: NextBook) -> Job:
    """The next book of a series. Raises NotFound for a book or a character that is not the user's."""
    if wish.character_id:
        await characters.require_all(session, user_id, (wish.character_id,))
    previous = await _book_to_go_on_from(session, user_id, wish)
    spec = BookSpec(
        topic=wish.topic,
        language=Language(previous.language),
        target_age=wish.target_age or TargetAge(previous.target_age),
        style=wish.style or Style(previous.style),
        page_count=wish.page_count,
        theme=wish.theme,
        character_id=wish.character_id or await _hero_of(session, user_id, previous),
        forbidden_elements=wish.forbidden_elements,
        series_context=_what_happened(previous),
    )
    link = SeriesLink(series_id=previous.series_id or previous.id, previous_book_id=previous.id)
    return await jobs.start(session, user_id, JobKind.BOOK, BookOrder(spec=spec, series=link))


async def _book_to_go_on_from(session: AsyncSession, user_id: str, wish: NextBook) -> Book:
    """The book that was named, or else the newest one with the character that was named."""
    if wish.previous_book_id:
        return await books.get(session, user_id, wish.previous_book_id)
    newest = select(Book.id).where(Book.user_id == user_id, Book.character_id == wish.character_id)
    book_id = await session.scalar(newest.order_by(Book.created_at.desc(), Book.id.desc()).limit(1))
    if book_id is None:
        raise NotFound("This character has no book to go on from yet. Please make a first book with it.")
    return await books.get(session, user_id, book_id)


async def _hero_of(session: AsyncSession, user_id: str, previous: Book) -> str | None:
    """The id of the earlier book's hero, kept anew where the reader deleted it."""
    if previous.character_id:
        return previous.character_id
    stored = await artifacts.load(session, previous.job_id)
    sheets = stored.get((Step.GENERATE_CHARACTER_SHEET, WHOLE_BOOK))
    if sheets is None:
        return None
    return await characters.keep(session, user_id, CastSheet.model_validate(sheets).characters[0])


def _what_happened(previous: Book) -> str:
    pages = previous.pages
    told = f"{previous.title}. {pages[0].text} {pages[-1].text}"
    return told if len(told) <= MAX_CONTEXT else told[: MAX_CONTEXT - 1] + "…"


async def order_page(
    session: AsyncSession, user_id: str, job_id: str, page_number: int, mode: RegenerateMode, feedback: str | None
) -> Job:
    """Makes a page of a finished book again. Raises NotFound, or BadRequest while the book is not done."""
    made_by = await jobs.get(session, user_id, job_id)
    if made_by.status != JobState.DONE:
        raise BadRequest("This book is not finished yet. Please wait until it is done.")
    book = await books.find_of_job(session, made_by.id)
    if book is None or all(page.page_number != page_number for page in book.pages):
        raise NotFound("This book has no such page.")
    order = PageOrder(
        book_id=book.id, page_number=page_number, mode=mode, feedback=feedback, language=Language(book.language)
    )
    return await jobs.start(session, user_id, JobKind.PAGE, order)


async def order_audio(session: AsyncSession, user_id: str, book_id: str, page_number: int | None = None) -> Job:
    """Gives a book, or one page of it, a voice. Raises NotFound."""
    book = await books.get(session, user_id, book_id)
    if page_number is not None and all(page.page_number != page_number for page in book.pages):
        raise NotFound("This book has no such page.")
    order = AudioOrder(book_id=book.id, page_number=page_number, language=Language(book.language))
    return await jobs.start(session, user_id, JobKind.AUDIO, order)


async def retry(session: AsyncSession, user_id: str, job_id: str) -> Job:
    """A new job for the order of a failed one, whose credit went back when it failed. Raises Conflict for others."""
    failed = await jobs.get(session, user_id, job_id)
    if failed.status != JobState.FAILED or failed.kind == JobKind.PORTRAIT:
        raise Conflict("Only a book that failed can be tried again.")
    return await jobs.start(session, user_id, JobKind(failed.kind), read_order(JobKind(failed.kind), failed.request))


class Voice(NamedTuple):
    """Where a page's voice is, or else the job that makes it."""

    key: str | None
    job_id: str | None


async def voice_of(session: AsyncSession, user_id: str, book_id: str, page_number: int) -> Voice:
    """The page's voice; a job is started where there is none, one at a time. Raises NotFound."""
    await session.execute(select(Book.id).where(Book.id == book_id, Book.user_id == user_id).with_for_update())
    book = await books.get(session, user_id, book_id)
    page = next((page for page in book.pages if page.page_number == page_number), None)
    if page is None:
        raise NotFound("This book has no such page.")
    if page.audio_key:
        return Voice(page.audio_key, None)
    order = AudioOrder(book_id=book.id, page_number=page_number, language=Language(book.language))
    under_way = await jobs.find_under_way(session, user_id, JobKind.AUDIO, order)
    return Voice(None, under_way or (await jobs.start(session, user_id, JobKind.AUDIO, order)).id)

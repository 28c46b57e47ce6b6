"""Books: following one in the making, reading it, and putting a finished one on the shelf."""

from typing import Any, NamedTuple

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from storybook.core.errors import NoSuchBook, WordsChanged
from storybook.core.ids import new_id
from storybook.domain.finished import FinishedBook
from storybook.domain.jobs import Step
from storybook.domain.orders import BookOrder, Claim
from storybook.domain.speech import WordTiming
from storybook.domain.story import Scene
from storybook.models import Book, Character, Page
from storybook.services import artifacts, characters, files, jobs
from storybook.services.accounts import UserRef, owner


def _with_pages() -> Select[Book]:
    return select(Book).options(selectinload(Book.pages))


async def find_of_job(session: AsyncSession, job_id: str) -> Book | None:
    """The book that a job made, with its pages."""
    return await session.scalar(_with_pages().where(Book.job_id == job_id))


async def get(session: AsyncSession, user: UserRef, book_id: str) -> Book:
    """The user's book with its pages; raises NotFound, for somebody else's too."""
    mine = select(Book).options(joinedload(Book.pages)).where(Book.id == book_id, Book.user_id == owner(user))
    if book := (await session.scalars(mine)).unique().one_or_none():
        return book
    raise NoSuchBook


async def hold(session: AsyncSession, user: UserRef, book_id: str) -> None:
    """Keeps the user's book from being deleted until the transaction ends; raises NotFound."""
    mine = select(Book.id).where(Book.id == book_id, Book.user_id == owner(user))
    if await session.scalar(mine.with_for_update(read=True, key_share=True)) is None:
        raise NoSuchBook


async def remember_pdf(session: AsyncSession, book: Book, key: str) -> None:
    """Notes where the PDF of the book is, which was announced.

    Discards it where the book was changed or deleted while it was made, or another process was faster.
    """
    unchanged = (Book.id == book.id, Book.revision == book.revision, Book.pdf_key.is_(None))
    if await session.scalar(update(Book).where(*unchanged).values(pdf_key=key).returning(Book.id)) is None:
        await files.discard(session, key)
    else:
        await files.keep(session, key)


async def package(session: AsyncSession, claim: Claim, order: BookOrder, finished: FinishedBook) -> str:
    """Puts the book and its pages on the shelf, keeps its hero, ends the job and spends its credit: all or nothing."""
    spec = order.spec
    book_id = new_id("book")
    await jobs.finish(session, claim)
    await session.execute(
        insert(Book).values(
            id=book_id,
            user_id=claim.user_id,
            job_id=claim.job_id,
            character_id=await _kept_hero(session, claim.user_id, order, finished),
            title=finished.title,
            moral=finished.moral,
            hero=finished.hero.name,
            language=spec.language,
            target_age=spec.target_age,
            style=spec.style,
            theme=spec.theme,
            cover_key=finished.cover_key,
            made_by=finished.made_by,
            **await _place_in_series(session, claim.user_id, order),
        )
    )
    await session.execute(insert(Page), [{"book_id": book_id, **page._asdict()} for page in finished.pages])
    return book_id


class NewPage(NamedTuple):
    """What replaces a page; None stays as it was. `note` is for whoever asked for it."""

    page_number: int
    text: str | None
    image_key: str | None
    image_prompt: str | None
    scene: Scene
    note: str | None = None


async def replace_page(session: AsyncSession, claim: Claim, book_id: str, new: NewPage) -> None:
    """Puts the new page into the book and ends the job. What it replaces is discarded. Raises NotFound."""
    await jobs.finish(session, claim, new.note)
    book = await _changed(session, claim, book_id)
    page = next(page for page in book.pages if page.page_number == new.page_number)
    page.scene = new.scene.model_dump(mode="json")
    if new.text is not None:
        page.text = new.text
        await files.discard(session, page.audio_key, book.audio_key)
        page.audio_key = book.audio_key = None
        page.audio_words = []
    if new.image_key is not None and new.image_prompt is not None:
        await files.discard(session, page.image_key)
        page.image_key, page.image_prompt = new.image_key, new.image_prompt
        page.alt_text = None
    await session.flush()


class PageVoice(NamedTuple):
    """Where the voice of a page is, of the words of `text`, and when each of them sounds.

    `before` is the key that the page had when it was looked at: the same where the page's own voice is used.
    """

    text: str
    key: str
    words: tuple[WordTiming, ...]
    before: str | None


class WholeVoice(NamedTuple):
    """Where the voice of all pages is; `before` is the key that the book had when it was looked at."""

    key: str
    before: str | None


def spoken_words(page: Page) -> tuple[WordTiming, ...]:
    """When the words of the page sound in its voice."""
    return tuple(WordTiming(**word) for word in page.audio_words)


async def give_voice(
    session: AsyncSession,
    claim: Claim,
    book_id: str,
    voices: dict[int, PageVoice],
    whole: WholeVoice | None,
) -> None:
    """Gives pages their voices and ends the job. What has another voice by now keeps it, and ours is discarded.

    Raises NotFound, and WordsChanged when a page reads otherwise by now than its voice, or has lost the one it had.
    """
    await jobs.finish(session, claim)
    book = await _changed(session, claim, book_id)
    for page in book.pages:
        if voice := voices.get(page.page_number):
            await _give_page(session, page, voice)
    used = [page.audio_key for page in book.pages if page.audio_key]
    await artifacts.forget_unused(session, claim, Step.NARRATE, used)
    if whole and book.audio_key in {None, whole.before}:
        await files.discard(session, book.audio_key)
        await files.keep(session, whole.key)
        book.audio_key = whole.key
    elif whole:
        await files.discard(session, whole.key)
    await session.flush()


async def _give_page(session: AsyncSession, page: Page, voice: PageVoice) -> None:
    own = voice.key == voice.before
    if page.text != voice.text or (own and page.audio_key != voice.before):
        raise WordsChanged(page.book_id)
    if not own and page.audio_key in {None, voice.before}:
        await files.discard(session, page.audio_key)
        page.audio_key = voice.key
        page.audio_words = [word.model_dump() for word in voice.words]


async def _changed(session: AsyncSession, claim: Claim, book_id: str) -> Book:
    """The book, locked, with its stored editions put aside because it changes."""
    mine = _with_pages().where(Book.id == book_id, Book.user_id == claim.user_id).with_for_update(of=Book)
    book = await session.scalar(mine)
    if book is None:
        raise NoSuchBook
    await files.discard(session, book.pdf_key)
    book.pdf_key, book.revision = None, book.revision + 1
    return book


async def _kept_hero(session: AsyncSession, user_id: str, order: BookOrder, finished: FinishedBook) -> str | None:
    """The chosen hero, if the reader still keeps it; a hero that the story brought is kept from now on."""
    if order.spec.character or not order.spec.chosen_characters:
        return await characters.keep(session, user_id, finished.hero)
    chosen = select(Character.id).where(Character.id == order.spec.chosen_characters[0], Character.user_id == user_id)
    return await session.scalar(chosen)


async def _place_in_series(session: AsyncSession, user_id: str, order: BookOrder) -> dict[str, Any]:
    """Where the book stands in its series; the first book joins it when the second is made."""
    if order.series is None:
        return {}
    previous = (Book.id == order.series.previous_book_id, Book.user_id == user_id)
    found = await session.scalar(
        update(Book).where(*previous).values(series_id=order.series.series_id).returning(Book.id)
    )
    return {"series_id": order.series.series_id, "previous_book_id": found}

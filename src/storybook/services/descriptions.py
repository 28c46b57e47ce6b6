"""What the pictures of finished books show, in words: which have none yet, and giving them theirs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, String, and_, column, select, update, values
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.domain.jobs import Step
from storybook.domain.orders import Claim
from storybook.domain.pictures import PicturePrompt
from storybook.domain.story import COVER
from storybook.models import Book, ImagePromptRow, Job, Page, StepArtifact
from storybook.models.base import table_of
from storybook.services import books, jobs


class Painted(NamedTuple):
    """A picture of a book: its page, its key, its artifact, and what its painter was asked for."""

    number: int
    key: str
    stored: dict[str, Any]
    prompt: PicturePrompt


class Described(NamedTuple):
    """What the picture with this key shows; `text` is None where that is not to be shown."""

    key: str
    text: str | None


async def undescribed(session: AsyncSession, book: Book) -> tuple[Painted, ...]:
    """The pictures that a book has now and that no words are known for, the cover first."""
    wanted = {page.image_key: page.page_number for page in book.pages if page.alt_text is None}
    if book.cover_alt_text is None:
        wanted[book.cover_key] = COVER
    picture, prompt = StepArtifact, ImagePromptRow
    its_prompt = and_(prompt.job_id == picture.job_id, prompt.page_number == picture.page_number)
    found = await session.execute(
        select(picture.artifact, prompt.prompt)
        .join(prompt, its_prompt)
        .join(Job, Job.id == picture.job_id)
        .where(*jobs.of_book(book.user_id, book.id, book.job_id))
        .where(picture.step == Step.GENERATE_IMAGES, picture.artifact["key"].astext.in_(wanted))
    )
    painted = [
        Painted(wanted[stored["key"]], stored["key"], stored, PicturePrompt.model_validate(told))
        for stored, told in found
    ]
    return tuple(sorted(painted, key=lambda one: one.number))


async def give(
    session: AsyncSession, claim: Claim, book_id: str, described: Sequence[Described], told_otherwise: str
) -> None:
    """Gives pictures their words and ends the job; where one stays without, as does one that was changed meanwhile, its
    reader is told. Raises NotFound.
    """
    await jobs.finish(session, claim)
    await books.hold(session, claim.user_id, book_id)
    if told := [(one.key, one.text) for one in described if one.text is not None]:
        shown = values(column("key", String), column("words", String), name="shown").data(told)
        page = (Page.book_id == book_id, Page.image_key == shown.c.key)
        cover = (Book.id == book_id, Book.cover_key == shown.c.key)
        await session.execute(update(table_of(Page)).where(*page).values(alt_text=shown.c.words))
        await session.execute(update(table_of(Book)).where(*cover).values(cover_alt_text=shown.c.words))
    if await session.scalar(_without_words(book_id)) is not None:
        await session.execute(update(Job).where(Job.id == claim.job_id).values(note=told_otherwise))


def _without_words(book_id: str) -> CompoundSelect[str]:
    """The book, once for its cover or a page whose picture nobody has put into words."""
    page = select(Page.book_id).where(Page.book_id == book_id, Page.alt_text.is_(None))
    return page.union(select(Book.id).where(Book.id == book_id, Book.cover_alt_text.is_(None)))

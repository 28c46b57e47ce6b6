"""What the pictures of finished books show, in words: which have none yet, and giving them theirs."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import PageChanged
from storybook.domain.jobs import Step
from storybook.domain.orders import Claim
from storybook.domain.pictures import PicturePrompt
from storybook.domain.story import COVER
from storybook.models import Book, ImagePromptRow, Job, Page, StepArtifact
from storybook.services import books, jobs


class Painted(NamedTuple):
    """A picture of a book: its page, its key, its artifact, and what its painter was asked for."""

    number: int
    key: str
    stored: dict[str, Any]
    prompt: PicturePrompt


class Described(NamedTuple):
    """What the picture with this key shows; `text` is None where that is not to be shown."""

    number: int
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


async def are_shown(session: AsyncSession, book_id: str, keys: Collection[str]) -> bool:
    """Whether one of these pictures is still in the book."""
    cover = select(Book.id).where(Book.id == book_id, Book.cover_key.in_(keys))
    page = select(Page.book_id).where(Page.book_id == book_id, Page.image_key.in_(keys))
    return await session.scalar(cover.union(page).limit(1)) is not None


async def give(
    session: AsyncSession, claim: Claim, book_id: str, described: Sequence[Described], note: str | None
) -> None:
    """Gives pictures their words and ends the job, with a note for its reader.

    Raises NotFound, and PageChanged when there is another picture by now than the one that was looked at.
    """
    await jobs.finish(session, claim, note)
    await books.hold(session, claim.user_id, book_id)
    for one in described:
        if one.number == COVER:
            shown = update(Book).where(Book.id == book_id, Book.cover_key == one.key)
            given = shown.values(cover_alt_text=one.text).returning(Book.id)
        else:
            page = (Page.book_id == book_id, Page.page_number == one.number, Page.image_key == one.key)
            given = update(Page).where(*page).values(alt_text=one.text).returning(Page.book_id)
        if await session.scalar(given) is None:
            raise PageChanged(book_id)

"""The next book of a series: what it goes on from, what it remembers, and what it inherits."""

from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import Invalid, Unavailable
from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge, Theme
from storybook.domain.characters import CastSheet
from storybook.domain.jobs import Step
from storybook.domain.normalize import same_for_a_reader
from storybook.domain.orders import BookOrder, SeriesLink
from storybook.domain.series import MAX_COMPANIONS, MAX_EARLIER, EarlierBook, told_so_far
from storybook.domain.story import Role, StoryDraft
from storybook.models import Book, Job
from storybook.models.jobs import WHOLE_BOOK
from storybook.services import artifacts, books, characters, jobs, orders
from storybook.services.quotas import Quotas

MAX_BESIDE_THE_HERO = 4
RETRY_SECONDS = 60


class NextBook(NamedTuple):
    """The wish for the next book of a series; None is as it was before."""

    topic: str
    previous_book_id: str | None
    character_id: str | None
    character_ids: tuple[str, ...] | None
    language: Language | None
    target_age: TargetAge | None
    style: Style | None
    theme: Theme | None
    page_count: int | None
    forbidden_elements: tuple[str, ...] | None


class _Made(NamedTuple):
    """What an earlier book was made from."""

    order: BookOrder
    draft: StoryDraft | None
    cast: CastSheet | None


async def order_next_book(session: AsyncSession, user_id: str, wish: NextBook, quotas: Quotas) -> Job:
    """The next book of a series, or the first one of a character that has none yet.

    Raises NotFound for a book or a character that is not the user's, and what `orders.order_book` raises.
    """
    if wish.character_id:
        await characters.require_all(session, user_id, (wish.character_id,))
    previous = await _previous(session, user_id, wish)
    if previous is None:
        return await orders.order_book(session, user_id, _first_book(wish), quotas)
    made = await _made(session, user_id, previous)
    earlier = (*made.order.earlier, *_remembered(previous, made))[-MAX_EARLIER:]
    hero = wish.character_id or previous.character_id or await _keep_anew(session, user_id, made)
    before = made.order.spec
    spec = BookSpec(
        topic=wish.topic,
        language=wish.language or before.language,
        target_age=wish.target_age or before.target_age,
        style=wish.style or before.style,
        page_count=wish.page_count or before.page_count,
        theme=wish.theme or before.theme,
        character_id=hero,
        character_ids=wish.character_ids or await _others(session, user_id, hero, previous, before),
        forbidden_elements=before.forbidden_elements if wish.forbidden_elements is None else wish.forbidden_elements,
        series_context=told_so_far(earlier) if earlier else None,
    )
    link = SeriesLink(series_id=previous.series_id or previous.id, previous_book_id=previous.id, earlier=earlier)
    return await orders.order_book(session, user_id, spec, quotas, link)


async def _previous(session: AsyncSession, user_id: str, wish: NextBook) -> Book | None:
    """The book that was named, or else the newest one with the character that was named."""
    if wish.previous_book_id:
        return await books.get(session, user_id, wish.previous_book_id)
    newest = select(Book.id).where(Book.user_id == user_id, Book.character_id == wish.character_id)
    book_id = await session.scalar(newest.order_by(Book.created_at.desc(), Book.id.desc()).limit(1))
    return await books.get(session, user_id, book_id) if book_id else None


def _first_book(wish: NextBook) -> BookSpec:
    if wish.target_age is None or wish.style is None:
        raise Invalid("This character has no book yet. Please say target_age and style for its first one.")
    return BookSpec.model_validate({name: value for name, value in wish._asdict().items() if value is not None})


async def _made(session: AsyncSession, user_id: str, book: Book) -> _Made:
    """What the book was made from. Raises Unavailable where only a newer process of a mixed service can read it."""
    job = await jobs.get(session, user_id, book.job_id)
    stored = await artifacts.load(session, book.job_id)
    draft = stored.get((Step.GENERATE_STORY, WHOLE_BOOK))
    cast = stored.get((Step.GENERATE_CHARACTER_SHEET, WHOLE_BOOK))
    try:
        return _Made(
            order=BookOrder.model_validate(job.request),
            draft=StoryDraft.model_validate(draft) if draft else None,
            cast=CastSheet.model_validate(cast) if cast else None,
        )
    except ValidationError as error:
        raise Unavailable(
            "This series cannot be continued now. Please try again in a few minutes.", retry_after=RETRY_SECONDS
        ) from error


def _remembered(book: Book, made: _Made) -> tuple[EarlierBook, ...]:
    """What is told of the book in those after it; nothing where its story is gone."""
    if made.draft is None or made.cast is None:
        return ()
    friends = {member.name for member in made.draft.cast if member.role is Role.FRIEND}
    return (
        EarlierBook(
            title=book.title,
            topic=made.order.spec.topic,
            hero=book.hero,
            companions=tuple(sheet for sheet in made.cast.characters if sheet.name in friends)[:MAX_COMPANIONS],
            places=tuple(dict.fromkeys(scene.place for scene in made.draft.scenes().values())),
            ending=book.pages[-1].text,
            moral=book.moral,
        ),
    )


async def _keep_anew(session: AsyncSession, user_id: str, made: _Made) -> str | None:
    """The id of the earlier book's hero, whom the reader does not keep any more and who is needed again."""
    return await characters.keep(session, user_id, made.cast.characters[0]) if made.cast else None


async def _others(
    session: AsyncSession, user_id: str, hero: str | None, previous: Book, before: BookSpec
) -> tuple[str, ...] | None:
    """Who of the earlier book's chosen characters is there beside the hero: those who are still kept, and nobody who
    has the name of another by now.
    """
    wanted = dict.fromkeys(one for one in (hero, previous.character_id, *before.chosen_characters) if one)
    others: list[str] = []
    names: list[str] = []
    for character in await characters.find_all(session, user_id, tuple(wanted)):
        if same_for_a_reader([*names, character.name]) is None:
            names.append(character.name)
            others += [character.id] if character.id != hero else []
    return tuple(others[:MAX_BESIDE_THE_HERO]) or None

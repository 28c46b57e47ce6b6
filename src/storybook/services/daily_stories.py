"""The story of the day: the same for all, and a book of it for whoever wants one."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import NoSuchAccount
from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.daily_topics import DailyTopic, topic_named, topic_of
from storybook.domain.jobs import JobState
from storybook.domain.streaks import day_of
from storybook.models import Book, DailyBook, DailyStory, Job, User
from storybook.services import orders
from storybook.services.accounts import UserRef, owner
from storybook.services.quotas import Quotas
from storybook.services.streak import NO_TIME_ZONE


class Today(NamedTuple):
    """`language` is the user's own; `book_id` is the user's finished book of the day's story."""

    day: date
    topic: DailyTopic
    language: Language
    book_id: str | None


class DailyWish(NamedTuple):
    """How today's story is to be told."""

    target_age: TargetAge
    style: Style
    page_count: int
    character_id: str | None


async def today(session: AsyncSession, user: UserRef | None, now: datetime) -> Today:
    """The story of the user's day; of the day in UTC for nobody in particular."""
    day, language, book_id = day_of(now, NO_TIME_ZONE), Language.KO, None
    if user is not None:
        settings = select(User.id, User.time_zone, User.language).where(User.id == owner(user))
        if row := (await session.execute(settings)).one_or_none():
            day, language = day_of(now, row.time_zone), Language(row.language)
            book_id = await _finished_book(session, row.id, day)
    return Today(day, await story_of(session, day), language, book_id)


async def story_of(session: AsyncSession, day: date) -> DailyTopic:
    """The day's topic, settled for everybody by whoever asks first."""
    kept = select(DailyStory.topic).where(DailyStory.date == day)
    name = await session.scalar(kept)
    if name is None:
        chosen = topic_of(day)
        first = insert(DailyStory).values(date=day, theme=chosen.theme.id, topic=chosen.name)
        await session.execute(first.on_conflict_do_nothing(index_elements=[DailyStory.date]))
        name = (await session.scalars(kept)).one()
    return topic_named(name) or topic_of(day)


async def order_book(session: AsyncSession, user_id: str, wish: DailyWish, quotas: Quotas, now: datetime) -> Job:
    """The job that makes today's story a book for the user: the same one all day, or a new one where it failed or its
    book was deleted. Raises as `orders.order_book` does.
    """
    mine = select(User.time_zone, User.language).where(User.id == user_id).with_for_update(key_share=True)
    user = (await session.execute(mine)).one_or_none()
    if user is None:
        raise NoSuchAccount
    day = day_of(now, user.time_zone)
    if job := await _standing_order(session, user_id, day):
        return job
    topic = await story_of(session, day)
    language = Language(user.language)
    spec = BookSpec(
        topic=topic.texts[language],
        language=language,
        theme=topic.theme.book_theme,
        target_age=wish.target_age,
        style=wish.style,
        page_count=wish.page_count,
        character_id=wish.character_id,
    )
    job = await orders.order_book(session, user_id, spec, quotas)
    ordered = insert(DailyBook).values(user_id=user_id, date=day, job_id=job.id)
    instead = {"job_id": ordered.excluded.job_id}
    await session.execute(
        ordered.on_conflict_do_update(index_elements=[DailyBook.user_id, DailyBook.date], set_=instead)
    )
    return job


async def _standing_order(session: AsyncSession, user_id: str, day: date) -> Job | None:
    """The day's job while it makes a book, or has made one that is still there."""
    asked = (
        select(Job, Book.id)
        .join(DailyBook, DailyBook.job_id == Job.id)
        .join(Book, Book.job_id == Job.id, isouter=True)
        .where(DailyBook.user_id == user_id, DailyBook.date == day, Job.status != JobState.FAILED)
    )
    row = (await session.execute(asked)).one_or_none()
    if row is None:
        return None
    job, book_id = row
    return None if job.status == JobState.DONE and book_id is None else job


async def _finished_book(session: AsyncSession, user_id: str, day: date) -> str | None:
    made = select(Book.id).join(DailyBook, DailyBook.job_id == Book.job_id)
    return await session.scalar(made.where(DailyBook.user_id == user_id, DailyBook.date == day))

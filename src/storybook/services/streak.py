"""Reading: what was read on which day, and the streak that follows from it. A day is the user's own."""

import calendar
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import NoSuchBook
from storybook.domain import milestones
from storybook.domain.book_spec import Language
from storybook.domain.milestones import Milestone
from storybook.domain.streaks import Standing, Streak, day_of, read_on, standing
from storybook.models import Book, DailyStreak, ReadingLog, User
from storybook.models import Milestone as ReachedMilestone
from storybook.services.accounts import UserRef, owner

MAX_SECONDS_A_DAY = 86_400
NO_TIME_ZONE = "UTC"


class Reading(NamedTuple):
    book_id: str
    seconds: int
    completed: bool


class Noted(NamedTuple):
    """`new_day` says that this was the day's first reading; `reached` are the milestones that it led to."""

    streak: Streak
    new_day: bool
    reached: list[Milestone]
    language: Language


class DayOfReading(NamedTuple):
    date: date
    books: int
    seconds: int
    completed: int


async def note_reading(session: AsyncSession, user_id: str, reading: Reading, now: datetime) -> Noted:
    """Writes down that the user read one of their books now, and moves the streak on with the day's first reading.

    A book counts once a day: what is read of it again adds time. Raises NotFound, for somebody else's book too.
    """
    reader = await _reader_of(session, user_id, reading.book_id)
    before = await _locked_streak(session, user_id)
    today = day_of(now, reader.time_zone)
    await _log(session, user_id, reading, today)
    streak = read_on(before, today)
    if streak == before:
        return Noted(streak, new_day=False, reached=[], language=reader.language)
    await session.execute(
        update(DailyStreak)
        .where(DailyStreak.user_id == user_id)
        .values(
            current_streak=streak.current,
            longest_streak=streak.longest,
            total_days=streak.total,
            rest_days_used=streak.rest_days_used,
            last_read_date=streak.last_read,
        )
    )
    return Noted(streak, new_day=True, reached=await _reach(session, user_id, streak), language=reader.language)


class _Reader(NamedTuple):
    time_zone: str
    language: Language


async def _reader_of(session: AsyncSession, user_id: str, book_id: str) -> _Reader:
    """The owner of the book; both stay until the transaction ends."""
    owned = (
        select(User.time_zone, User.language)
        .join(Book, Book.user_id == User.id)
        .where(User.id == user_id, Book.id == book_id)
        .with_for_update(read=True, key_share=True)
    )
    row = (await session.execute(owned)).one_or_none()
    if row is None:
        raise NoSuchBook
    return _Reader(row.time_zone, Language(row.language))


async def _locked_streak(session: AsyncSession, user_id: str) -> Streak:
    """The user's streak, made where there is none yet; other readings wait until the transaction ends."""
    made = insert(DailyStreak).values(user_id=user_id)
    locked = made.on_conflict_do_update(index_elements=[DailyStreak.user_id], set_={"updated_at": func.now()})
    return _read((await session.scalars(locked.returning(DailyStreak))).one())


def _read(row: DailyStreak) -> Streak:
    return Streak(
        current=row.current_streak,
        longest=row.longest_streak,
        total=row.total_days,
        rest_days_used=row.rest_days_used,
        last_read=row.last_read_date,
    )


async def _log(session: AsyncSession, user_id: str, reading: Reading, today: date) -> None:
    entry = insert(ReadingLog).values(
        user_id=user_id,
        book_id=reading.book_id,
        read_date=today,
        reading_time=min(reading.seconds, MAX_SECONDS_A_DAY),
        completed=reading.completed,
    )
    more = {
        "reading_time": func.least(ReadingLog.reading_time + entry.excluded.reading_time, MAX_SECONDS_A_DAY),
        "completed": ReadingLog.completed | entry.excluded.completed,
    }
    once_a_day = [ReadingLog.user_id, ReadingLog.read_date, ReadingLog.book_id]
    await session.execute(entry.on_conflict_do_update(index_elements=once_a_day, set_=more))


async def _reach(session: AsyncSession, user_id: str, streak: Streak) -> list[Milestone]:
    """The milestones that the streak stands at and that the user has not reached before."""
    found = milestones.reached_by(streak)
    if not found:
        return []
    rows = [{"user_id": user_id, "kind": milestone.kind, "days": milestone.days} for milestone in found]
    new = insert(ReachedMilestone).values(rows).on_conflict_do_nothing()
    kept = {tuple(row) for row in await session.execute(new.returning(ReachedMilestone.kind, ReachedMilestone.days))}
    return [milestone for milestone in found if milestone in kept]


async def info(session: AsyncSession, user: UserRef, now: datetime) -> Standing:
    """The streak as it is on the user's day; an empty one for whoever has read nothing yet."""
    asked = (
        select(User.time_zone, DailyStreak)
        .join_from(User, DailyStreak, DailyStreak.user_id == User.id, isouter=True)
        .where(User.id == owner(user))
    )
    row = (await session.execute(asked)).one_or_none()
    time_zone, kept = row or (NO_TIME_ZONE, None)
    return standing(_read(kept) if kept else Streak(), day_of(now, time_zone))


async def history(session: AsyncSession, user: UserRef, days: int, now: datetime) -> list[DayOfReading]:
    """The days of reading among the last `days` days, the newest first."""
    time_zone = await session.scalar(select(User.time_zone).where(User.id == owner(user)))
    today = day_of(now, time_zone or NO_TIME_ZONE)
    asked = (
        select(
            ReadingLog.read_date,
            func.count(),
            func.sum(ReadingLog.reading_time),
            func.count().filter(ReadingLog.completed),
        )
        .where(ReadingLog.user_id == owner(user), ReadingLog.read_date > date.fromordinal(today.toordinal() - days))
        .group_by(ReadingLog.read_date)
        .order_by(ReadingLog.read_date.desc())
        .limit(days)
    )
    return [DayOfReading(*row) for row in await session.execute(asked)]


async def books_by_day(session: AsyncSession, user: UserRef, year: int, month: int) -> dict[date, int]:
    """How many books were read on each day of a month, for all its days in order."""
    last = calendar.monthrange(year, month)[1]
    days = [date(year, month, day) for day in range(1, last + 1)]
    asked = (
        select(ReadingLog.read_date, func.count().label("books"))
        .where(ReadingLog.user_id == owner(user), ReadingLog.read_date.between(days[0], days[-1]))
        .group_by(ReadingLog.read_date)
    )
    counted = {row.read_date: row.books for row in await session.execute(asked)}
    return {day: counted.get(day, 0) for day in days}

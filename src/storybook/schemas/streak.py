"""Bodies of the routes about reading: the streak, what was read when, and the story of the day."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, Field

from storybook.domain.book_spec import Identifier, Language, Style, TargetAge
from storybook.domain.daily_topics import THEMES, DailyTheme, topics_of
from storybook.domain.milestones import Kind, Milestone, praise_for
from storybook.domain.streaks import REST_DAYS, Standing
from storybook.domain.values import Strict
from storybook.services.daily_stories import DailyWish, Today
from storybook.services.streak import MAX_SECONDS_A_DAY, DayOfReading, Noted, Reading

ThemeId = Annotated[str, Field(examples=["courage"], json_schema_extra={"enum": [theme.id for theme in THEMES]})]


class ReadRequest(BaseModel):
    book_id: Identifier
    reading_time: Annotated[int, Field(strict=True, ge=0, le=MAX_SECONDS_A_DAY, description="Seconds")] = 0
    completed: Annotated[bool, Field(strict=True, description="Whether the book was read to its end")] = False

    def reading(self) -> Reading:
        return Reading(self.book_id, self.reading_time, self.completed)


class MilestoneAnswer(BaseModel):
    type: Kind = Field(description="Days in a row, or all days of reading")
    days: int
    title: str
    description: str

    @classmethod
    def of(cls, milestone: Milestone, language: Language) -> Self:
        return cls(type=milestone.kind, days=milestone.days, **praise_for(milestone, language)._asdict())


class ReadAnswer(BaseModel):
    current_streak: int
    longest_streak: int
    total_days: int
    new_streak_day: bool = Field(description="Whether this was the first reading of the day")
    milestones: list[MilestoneAnswer] = Field(description="What this reading has reached; each comes once")

    @classmethod
    def of(cls, noted: Noted) -> Self:
        return cls(
            current_streak=noted.streak.current,
            longest_streak=noted.streak.longest,
            total_days=noted.streak.total,
            new_streak_day=noted.new_day,
            milestones=[MilestoneAnswer.of(milestone, noted.language) for milestone in noted.reached],
        )


class StreakAnswer(BaseModel):
    """`streak_broken` only once reading today could not save the streak any more."""

    current_streak: int
    longest_streak: int
    total_days: int
    last_read_date: dt.date | None
    read_today: bool
    streak_broken: bool
    rest_days_left: int = Field(ge=0, le=REST_DAYS, description="Days that may still be missed this month")

    @classmethod
    def of(cls, now: Standing) -> Self:
        return cls(
            current_streak=now.current,
            longest_streak=now.longest,
            total_days=now.total,
            last_read_date=now.last_read,
            read_today=now.read_today,
            streak_broken=now.broken,
            rest_days_left=now.rest_days_left,
        )


class HistoryDay(BaseModel):
    date: dt.date
    books_read: int
    total_time: int = Field(description="Seconds")
    completed_count: int


class HistoryAnswer(BaseModel):
    history: list[HistoryDay] = Field(description="The days of reading, the newest first")

    @classmethod
    def of(cls, days: Sequence[DayOfReading]) -> Self:
        return cls(
            history=[
                HistoryDay(date=day.date, books_read=day.books, total_time=day.seconds, completed_count=day.completed)
                for day in days
            ]
        )


class CalendarDay(BaseModel):
    date: dt.date
    day: int
    read: bool
    books_count: int


class CalendarAnswer(BaseModel):
    year: int
    month: int
    days: list[CalendarDay] = Field(description="All days of the month")
    total_read_days: int

    @classmethod
    def of(cls, year: int, month: int, books: dict[dt.date, int]) -> Self:
        return cls(
            year=year,
            month=month,
            days=[
                CalendarDay(date=day, day=day.day, read=count > 0, books_count=count) for day, count in books.items()
            ],
            total_read_days=sum(count > 0 for count in books.values()),
        )


class ThemeAnswer(BaseModel):
    id: ThemeId
    name: str
    topics: list[str]

    @classmethod
    def of(cls, theme: DailyTheme, language: Language) -> Self:
        topics = [topic.texts[language] for topic in topics_of(theme)]
        return cls(id=theme.id, name=theme.names[language], topics=topics)


class ThemesAnswer(BaseModel):
    themes: list[ThemeAnswer]

    @classmethod
    def of(cls, language: Language) -> Self:
        return cls(themes=[ThemeAnswer.of(theme, language) for theme in THEMES])


class TodayAnswer(BaseModel):
    """The story of the day."""

    date: str = Field(
        description="The midnight that the day begins with, in the reader's own time and so without an offset",
        examples=["2026-11-22T00:00:00"],
    )
    theme: ThemeId
    theme_name: str
    topic: str = Field(description="A wish for a book")
    book_id: str | None = Field(description="The reader's own book of this story, once it is done")

    @classmethod
    def of(cls, today: Today, language: Language | None) -> Self:
        chosen, topic = language or today.language, today.topic
        return cls(
            date=f"{today.day.isoformat()}T00:00:00",
            theme=topic.theme.id,
            theme_name=topic.theme.names[chosen],
            topic=topic.texts[chosen],
            book_id=today.book_id,
        )


class TodaysBookRequest(Strict):
    """How today's story is to be told; the language is the reader's own."""

    target_age: TargetAge = TargetAge.EARLY_READER
    style: Style = Style.WATERCOLOR
    page_count: Annotated[int, Field(ge=4, le=12, strict=True)] = 8
    character_id: Identifier | None = None

    def wish(self) -> DailyWish:
        return DailyWish(**self.model_dump())

"""Reading: what was read when, the streak that follows from it, and the story of the day. Days are the user's own."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storybook.models.base import ID_LENGTH, Base, CreatedAt, Number, UpdatedAt


class DailyStreak(Base):
    """`rest_days_used` counts in the month of `last_read_date`."""

    __tablename__ = "daily_streaks"
    __table_args__ = (
        CheckConstraint("current_streak >= 0", name="current_streak"),
        CheckConstraint("longest_streak >= current_streak", name="longest_streak"),
        CheckConstraint("total_days >= longest_streak", name="total_days"),
        CheckConstraint("rest_days_used >= 0", name="rest_days_used"),
    )

    user_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    current_streak: Mapped[int] = mapped_column(server_default="0")
    longest_streak: Mapped[int] = mapped_column(server_default="0")
    total_days: Mapped[int] = mapped_column(server_default="0")
    rest_days_used: Mapped[int] = mapped_column(server_default="0")
    last_read_date: Mapped[dt.date | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Milestone(Base):
    """A milestone that a user has reached; each is celebrated once."""

    __tablename__ = "milestones"

    user_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True)
    reached_at: Mapped[CreatedAt]


class DailyStory(Base):
    """The story of a day, the same for all; `topic` is its name in the list of topics."""

    __tablename__ = "daily_stories"

    id: Mapped[Number]
    date: Mapped[dt.date] = mapped_column(unique=True)
    theme: Mapped[str] = mapped_column(String(30))
    topic: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[CreatedAt]


class DailyBook(Base):
    """The book that a user had made of a day's story."""

    __tablename__ = "daily_books"

    user_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    date: Mapped[dt.date] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[CreatedAt]


class ReadingLog(Base):
    __tablename__ = "reading_logs"
    __table_args__ = (
        CheckConstraint("reading_time >= 0", name="reading_time"),
        Index("uq_reading_logs_user_id_read_date_book_id", "user_id", "read_date", "book_id", unique=True),
    )

    id: Mapped[Number]
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"))
    book_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("books.id", ondelete="SET NULL"), index=True
    )
    read_date: Mapped[dt.date]
    reading_time: Mapped[int] = mapped_column(server_default="0")
    completed: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[CreatedAt]

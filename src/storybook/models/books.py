"""Finished books and their pages. Pictures and files are kept as storage keys; addresses are made when asked for."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storybook.domain.alt_text import MAX_LENGTH
from storybook.domain.book_spec import Language, Style, TargetAge
from storybook.models.base import ID_LENGTH, KEY_LENGTH, Base, CreatedAt, Id, Number, UpdatedAt, one_of

_NONE = text("'[]'::jsonb")


class Book(Base):
    """`made_by` names the provider of each kind of work."""

    __tablename__ = "books"
    __table_args__ = (
        CheckConstraint(one_of("language", Language), name="language"),
        CheckConstraint(one_of("target_age", TargetAge), name="target_age"),
        CheckConstraint(one_of("style", Style), name="style"),
        Index("ix_books_series_id", "series_id", postgresql_where=text("series_id IS NOT NULL")),
        Index("ix_books_user_id_created_at_id", "user_id", "created_at", "id"),
    )

    id: Mapped[Id]
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"))
    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
    character_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("characters.id", ondelete="SET NULL"), index=True
    )
    previous_book_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("books.id", ondelete="SET NULL"), index=True
    )
    series_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    title: Mapped[str] = mapped_column(String(80))
    moral: Mapped[str] = mapped_column(String(120))
    hero: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(10))
    target_age: Mapped[str] = mapped_column(String(10))
    style: Mapped[str] = mapped_column(String(30))
    theme: Mapped[str | None] = mapped_column(String(20))
    cover_key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    pdf_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    audio_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    cover_alt_text: Mapped[str | None] = mapped_column(String(MAX_LENGTH))
    made_by: Mapped[dict[str, Any]] = mapped_column(JSONB)
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[CreatedAt]

    pages: Mapped[list["Page"]] = relationship(order_by="Page.page_number", lazy="raise", passive_deletes=True)


class Page(Base):
    """`scene` is that of a page which was made anew, None as long as it is the story's own. `audio_words` are the timed
    words of its voice, as far as that could say.
    """

    __tablename__ = "pages"
    __table_args__ = (
        UniqueConstraint("book_id", "page_number"),
        CheckConstraint("page_number BETWEEN 1 AND 12", name="page_number"),
        CheckConstraint("char_length(text) BETWEEN 1 AND 600", name="text"),
    )

    id: Mapped[Number]
    book_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("books.id", ondelete="CASCADE"))
    page_number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    image_key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    image_prompt: Mapped[str] = mapped_column(Text)
    scene: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    alt_text: Mapped[str | None] = mapped_column(String(MAX_LENGTH))
    audio_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    audio_words: Mapped[list[dict[str, int]]] = mapped_column(JSONB, server_default=_NONE)
    updated_at: Mapped[UpdatedAt]

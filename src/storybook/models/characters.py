"""Characters that a user keeps."""

from typing import Any

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storybook.models.base import Base, CreatedAt, Id, UpdatedAt, UserId


class Character(Base):
    __tablename__ = "characters"
    __table_args__ = (
        CheckConstraint("char_length(master_description) BETWEEN 10 AND 400", name="master_description"),
        CheckConstraint("jsonb_array_length(personality_traits) BETWEEN 1 AND 10", name="personality_traits"),
    )

    id: Mapped[Id]
    user_id: Mapped[UserId]
    name: Mapped[str] = mapped_column(String(40))
    master_description: Mapped[str] = mapped_column(Text)
    appearance: Mapped[dict[str, str]] = mapped_column(JSONB)
    clothing: Mapped[dict[str, str]] = mapped_column(JSONB)
    personality_traits: Mapped[list[Any]] = mapped_column(JSONB)
    visual_style_notes: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

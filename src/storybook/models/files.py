"""Files that nobody needs any more: written with the change that made them so, removed afterwards."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from storybook.models.base import KEY_LENGTH, Base, CreatedAt


class DiscardedFiles(Base):
    """The stored object `key` is to be deleted, or, where it ends with a slash, all objects below it."""

    __tablename__ = "discarded_files"

    key: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    created_at: Mapped[CreatedAt]

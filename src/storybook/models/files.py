"""Files that nobody needs any more: written with the change that made them so, removed afterwards."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, func
from sqlalchemy.orm import Mapped, mapped_column

from storybook.models.base import ID_LENGTH, KEY_LENGTH, Base, CreatedAt


class DiscardedFiles(Base):
    """The stored object `key` is to be deleted, or, where it ends with a slash, all objects below it.

    `deletion_id` names the deleted account that they belonged to. Until `written_until` a runner may still put objects
    there, so that they are deleted once more after that.
    """

    __tablename__ = "discarded_files"

    key: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    deletion_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("account_deletions.id", ondelete="SET NULL"), index=True
    )
    due_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    written_until: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

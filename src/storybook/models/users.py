"""Who owns everything else."""

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from storybook.models.base import Base, CreatedAt, Id


class User(Base):
    """A user. The key that the app sends is kept only as an HMAC."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("octet_length(key_hash) = 32", name="key_hash_is_sha256"),)

    id: Mapped[Id]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    time_zone: Mapped[str] = mapped_column(String(60), server_default="UTC")
    created_at: Mapped[CreatedAt]

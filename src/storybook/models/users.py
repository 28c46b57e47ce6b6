"""Who owns everything else, and the devices that they come with."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storybook.domain.book_spec import Language
from storybook.models.base import ID_LENGTH, Base, CreatedAt, Id, UserId, one_of


class User(Base):
    """A user. The key that the app made up is kept only as an HMAC. Once retired it only signs devices in."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("octet_length(key_hash) = 32", name="key_hash_is_sha256"),
        CheckConstraint("key_hash IS NOT NULL OR key_retired_at IS NULL", name="only_a_key_retires"),
        CheckConstraint(one_of("language", Language), name="language"),
    )

    id: Mapped[Id]
    key_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    key_retired_at: Mapped[datetime | None]
    welcomed: Mapped[bool] = mapped_column(server_default="false")
    time_zone: Mapped[str] = mapped_column(String(60), server_default="UTC")
    language: Mapped[str] = mapped_column(String(10), server_default=Language.KO)
    created_at: Mapped[CreatedAt]


class Device(Base):
    """One signed-in app: the family of all refresh tokens that followed from one sign-in."""

    __tablename__ = "devices"

    id: Mapped[Id]
    user_id: Mapped[UserId]
    refreshed_at: Mapped[CreatedAt]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class RefreshToken(Base):
    """A token is kept as its hash. `attempt_hash` is of the request that used it up, which may be sent again."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_sha256"),
        CheckConstraint("attempt_hash IS NULL OR used_at IS NOT NULL", name="an_attempt_used_it"),
        Index("uq_one_fresh_token", "device_id", unique=True, postgresql_where=text("used_at IS NULL")),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    attempt_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]


class AccountDeletion(Base):
    """The proof that an account is gone. It holds nothing of the user: only when, and how much there was."""

    __tablename__ = "account_deletions"

    id: Mapped[Id]
    removed: Mapped[dict[str, Any]] = mapped_column(JSONB)
    requested_at: Mapped[CreatedAt]
    files_gone_at: Mapped[datetime | None]

"""Counters of calls, for operators who run without Redis."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from storybook.models.base import Base


class RateLimit(Base):
    __tablename__ = "rate_limits"
    __table_args__ = (CheckConstraint("request_count >= 0", name="request_count"),)

    subject: Mapped[str] = mapped_column(String(120), primary_key=True)
    call_class: Mapped[str] = mapped_column(String(20), primary_key=True)
    request_count: Mapped[int] = mapped_column(server_default="0")
    window_start: Mapped[datetime]

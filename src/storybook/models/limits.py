"""Counters of calls and of gifts."""

import datetime as dt

from sqlalchemy import CheckConstraint, DateTime, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from storybook.models.base import Base


class RateLimit(Base):
    """When the calls of one class that a subject was allowed to make in the current window were made."""

    __tablename__ = "rate_limits"

    subject: Mapped[str] = mapped_column(String(120), primary_key=True)
    call_class: Mapped[str] = mapped_column(String(20), primary_key=True)
    admitted: Mapped[list[dt.datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class GiftCount(Base):
    """How many welcome gifts went to one network on one day (UTC). The address is kept as an HMAC."""

    __tablename__ = "gift_counts"
    __table_args__ = (CheckConstraint("given > 0", name="given"),)

    address: Mapped[str] = mapped_column(String(120), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True, index=True)
    given: Mapped[int]

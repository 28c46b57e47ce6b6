"""What vendors were asked and what they cost, in micro-dollars, and the budgets that bound it."""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storybook.domain.calls import Kind, Outcome
from storybook.domain.jobs import Step
from storybook.models.base import ID_LENGTH, Base, CreatedAt, Number, one_of


class ProviderCall(Base):
    """One call to a vendor. It outlives its job and user, of whom it holds nothing but random ids.

    `worst` is the most that it could cost, `micro_dollars` what it did, as far as it is known. `fence` is that of the
    claim under which it was made. While it may be at work for that, no later claim pays for the same before
    `repay_not_before`. One that is lost with its runner is `outside` of what its job may cost. `request_key` is made by
    whoever asks, so that a call whose row is written twice is there once.
    """

    __tablename__ = "provider_calls"
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        CheckConstraint(one_of("step", Step), name="step"),
        CheckConstraint("worst >= 0", name="worst"),
        CheckConstraint("micro_dollars >= 0", name="micro_dollars"),
        CheckConstraint("(outcome = 'begun') = (ended_at IS NULL)", name="what_ended_has_an_end"),
        UniqueConstraint("request_key"),
        Index("ix_provider_calls_job_id_step_page", "job_id", "step", "page"),
        Index("ix_provider_calls_created_at", "created_at"),
        Index("ix_provider_calls_open", "job_id", postgresql_where=text("outcome IN ('begun', 'unknown')")),
    )

    id: Mapped[Number]
    request_key: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    job_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    user_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    step: Mapped[str | None] = mapped_column(String(40))
    page: Mapped[int | None]
    fence: Mapped[int | None] = mapped_column(BigInteger)
    repay_not_before: Mapped[dt.datetime | None]
    vendor: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    model: Mapped[str] = mapped_column(String(120))
    vendor_id: Mapped[str | None] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(20), server_default=Outcome.BEGUN)
    units: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    worst: Mapped[int] = mapped_column(BigInteger)
    outside: Mapped[bool] = mapped_column(server_default="false")
    micro_dollars: Mapped[int] = mapped_column(BigInteger, server_default="0")
    milliseconds: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[dt.datetime | None]


class JobBudget(Base):
    """What a job that was accepted on a day (UTC) may cost in all, and what its calls have cost or may yet cost.

    A call that is lost with its runner adds what it counts with to what the job may cost: it counts for the day alone.
    Once `closed`, only what is used counts for its day. Like the calls it outlives its job and user, for a month. What
    was asked outside of any job has a row of its own, which is closed from the start.
    """

    __tablename__ = "job_budgets"
    __table_args__ = (
        CheckConstraint("used >= 0", name="used"),
        CheckConstraint("used <= reserved", name="within"),
        Index("ix_job_budgets_day", "day"),
    )

    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    day: Mapped[dt.date]
    reserved: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger, server_default="0")
    closed: Mapped[bool] = mapped_column(server_default="false")


class OpenBreaker(Base):
    """A way to a vendor whose breaker has opened, and not closed since.

    `line` is a random id of one process's calls of a kind to one vendor.
    """

    __tablename__ = "open_breakers"
    __table_args__ = (CheckConstraint(one_of("kind", Kind), name="kind"),)

    line: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vendor: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    open_until: Mapped[dt.datetime]

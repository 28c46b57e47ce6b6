"""Operators: who is signed in, and what they have done about jobs."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storybook.domain.operations import Action, Result
from storybook.models.base import ID_LENGTH, Base, CreatedAt, Number, one_of


class OperatorAction(Base):
    """One action on one job. It outlives the job and its user, of whom it holds nothing but random ids.

    `operator` is the name that somebody gave at the sign-in. `code` says why it was refused; `new_job_id` is the job
    that tries again, `credits` what went back to the user.
    """

    __tablename__ = "operator_actions"
    __table_args__ = (
        CheckConstraint(one_of("action", Action), name="action"),
        CheckConstraint(one_of("result", Result), name="result"),
        CheckConstraint("(result = 'refused') = (code IS NOT NULL)", name="refused_has_code"),
        CheckConstraint("credits >= 0", name="credits"),
        Index("ix_operator_actions_job_id", "job_id"),
        Index("ix_operator_actions_user_id", "user_id"),
        Index(
            "uq_one_refund",
            "job_id",
            unique=True,
            postgresql_where=text("action = 'refund' AND result = 'done'"),
        ),
    )

    id: Mapped[Number]
    operator: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(20))
    job_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    user_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    result: Mapped[str] = mapped_column(String(20))
    code: Mapped[str | None] = mapped_column(String(60))
    new_job_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    credits: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]


class OperatorVisit(Base):
    """An operator who is signed in. Of the secret in the cookie, and of the service's token, there are hashes alone."""

    __tablename__ = "operator_visits"

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    operator: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]

"""Credits: the cached balance, the ledger that it is a cache of, and subscriptions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storybook.domain.credits import Account, PlanName, SubscriptionStatus, Transaction
from storybook.models.base import ID_LENGTH, Base, CreatedAt, Number, UpdatedAt, UserId, one_of


class UserCredits(Base):
    """`credits` can be spent, `held` belongs to books under way. Both follow from the ledger."""

    __tablename__ = "user_credits"
    __table_args__ = (
        CheckConstraint("credits >= 0", name="credits"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("total_purchased >= 0", name="total_purchased"),
        CheckConstraint("total_used >= 0", name="total_used"),
    )

    user_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    credits: Mapped[int] = mapped_column(server_default="0")
    held: Mapped[int] = mapped_column(server_default="0")
    total_purchased: Mapped[int] = mapped_column(server_default="0")
    total_used: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class CreditTransaction(Base):
    """One entry of the ledger: `amount` credits from one account to another. Entries are only ever inserted."""

    __tablename__ = "credit_transactions"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("balance_after >= 0", name="balance_after"),
        CheckConstraint(one_of("transaction_type", Transaction), name="transaction_type"),
        CheckConstraint(one_of("source", Account), name="source"),
        CheckConstraint(one_of("target", Account), name="target"),
        CheckConstraint(
            "(transaction_type IN ('hold', 'capture', 'release')) = (job_id IS NOT NULL)", name="holds_name_a_job"
        ),
        Index("uq_one_gift", "user_id", unique=True, postgresql_where=text("transaction_type = 'gift'")),
        Index("uq_one_hold", "job_id", unique=True, postgresql_where=text("transaction_type = 'hold'")),
        Index(
            "uq_one_ending",
            "job_id",
            unique=True,
            postgresql_where=text("transaction_type IN ('capture', 'release')"),
        ),
        Index("ix_credit_transactions_user_id_id", "user_id", "id"),
    )

    id: Mapped[Number]
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"))
    job_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), ForeignKey("jobs.id", ondelete="CASCADE"))
    transaction_type: Mapped[str] = mapped_column(String(30))
    source: Mapped[str] = mapped_column(String(30))
    target: Mapped[str] = mapped_column(String(30))
    amount: Mapped[int]
    balance_after: Mapped[int]
    created_at: Mapped[CreatedAt]


class Subscription(Base):
    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint(one_of("plan", PlanName), name="plan"),
        CheckConstraint(one_of("status", SubscriptionStatus), name="status"),
        CheckConstraint("credits_per_month >= 0", name="credits_per_month"),
        CheckConstraint("current_period_start < current_period_end", name="period"),
        Index("uq_one_active", "user_id", unique=True, postgresql_where=text("status = 'active'")),
    )

    id: Mapped[Number]
    user_id: Mapped[UserId]
    plan: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    credits_per_month: Mapped[int]
    current_period_start: Mapped[datetime]
    current_period_end: Mapped[datetime]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

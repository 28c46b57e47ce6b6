"""Credits: the cached balance, and the ledger that it is a cache of."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storybook.domain.credits import Account, Transaction
from storybook.models.base import ID_LENGTH, Base, CreatedAt, Number, UpdatedAt, one_of


class UserCredits(Base):
    """`credits` can be spent, `held` belongs to books under way, `owed` was taken back by a store after it was spent.

    All of it follows from the ledger.
    """

    __tablename__ = "user_credits"
    __table_args__ = (
        CheckConstraint("credits >= 0", name="credits"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("owed >= 0", name="owed"),
        CheckConstraint("total_purchased >= 0", name="total_purchased"),
        CheckConstraint("total_used >= 0", name="total_used"),
    )

    user_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    credits: Mapped[int] = mapped_column(server_default="0")
    held: Mapped[int] = mapped_column(server_default="0")
    owed: Mapped[int] = mapped_column(server_default="0")
    total_purchased: Mapped[int] = mapped_column(server_default="0")
    total_used: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class CreditTransaction(Base):
    """One entry of the ledger: `amount` credits from one account to another.

    Entries are only ever inserted: a trigger refuses everything else. They outlive the user and the job that they name,
    of whom they hold nothing but random ids. `reference` is the payment or the reason behind an entry.
    """

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
        Index(
            "uq_one_entry_a_payment",
            "transaction_type",
            "reference",
            unique=True,
            postgresql_where=text("transaction_type IN ('purchase', 'subscription')"),
        ),
        Index("ix_credit_transactions_user_id_id", "user_id", "id"),
    )

    id: Mapped[Number]
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    job_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    transaction_type: Mapped[str] = mapped_column(String(30))
    source: Mapped[str] = mapped_column(String(30))
    target: Mapped[str] = mapped_column(String(30))
    amount: Mapped[int]
    balance_after: Mapped[int]
    reference: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[CreatedAt]

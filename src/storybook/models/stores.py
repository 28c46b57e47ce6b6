"""What was bought in the app stores."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storybook.domain.credits import PlanName, SubscriptionStatus
from storybook.domain.purchases import ProductKind, Store
from storybook.models.base import ID_LENGTH, Base, CreatedAt, Number, UpdatedAt, one_of

GRANTED = "kind = 'subscription' AND credits > 0 AND claimed_at IS NOT NULL AND refunded_at IS NULL"


class StoreTransaction(Base):
    """One payment as the store knows it. A payment is claimed by one user, once, and may be refunded before that.

    It outlives its user, so that a receipt is worth nothing a second time. Of a payment that was refunded before
    anything else was heard of it, only the ids are known. From `confirm_at` on, the store is to be told that the goods
    were given. `worth` are the credits of its product, and none for a trial; `credits` are what it brings beside the
    others for the same time. `replaced_token` is that of the payment whose plan this one changed. `refund_told_at` is
    when the store last said whether it gave the money back.
    """

    __tablename__ = "store_transactions"
    __table_args__ = (
        CheckConstraint(one_of("store", Store), name="store"),
        CheckConstraint(one_of("kind", ProductKind), name="kind"),
        CheckConstraint("credits >= 0", name="credits"),
        CheckConstraint("credits <= worth", name="no_more_than_its_worth"),
        CheckConstraint("claimed_at IS NULL OR product_id IS NOT NULL", name="what_is_claimed_is_known"),
        CheckConstraint("(kind = 'subscription') = (period_end IS NOT NULL)", name="a_subscription_has_a_period"),
        Index("ix_store_transactions_original", "store", "original_transaction_id"),
        Index(
            "uq_one_grant_a_period",
            "store",
            "original_transaction_id",
            "product_id",
            "period_end",
            unique=True,
            postgresql_where=text(GRANTED),
        ),
        Index("ix_store_transactions_token", "token", postgresql_using="hash"),
        Index("ix_store_transactions_replaced_token", "replaced_token", postgresql_using="hash"),
        Index("ix_store_transactions_confirm_at", "confirm_at", postgresql_where=text("confirm_at IS NOT NULL")),
    )

    store: Mapped[str] = mapped_column(String(20), primary_key=True)
    transaction_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    original_transaction_id: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    product_id: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[str | None] = mapped_column(String(20))
    credits: Mapped[int]
    worth: Mapped[int]
    purchased_at: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    token: Mapped[str | None] = mapped_column(String(2000))
    replaced_token: Mapped[str | None] = mapped_column(String(2000))
    confirm_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    refunded_at: Mapped[datetime | None]
    refund_told_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class StoreRenewal(Base):
    """The newest word about whether a subscription goes on, said at `told_at`; of subscriptions of nobody, too."""

    __tablename__ = "store_renewals"
    __table_args__ = (CheckConstraint(one_of("store", Store), name="store"),)

    store: Mapped[str] = mapped_column(String(20), primary_key=True)
    original_transaction_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    cancelled: Mapped[bool]
    told_at: Mapped[datetime]


class StoreNotification(Base):
    """News from a store that was worked on already."""

    __tablename__ = "store_notifications"

    store: Mapped[str] = mapped_column(String(20), primary_key=True)
    notification_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    created_at: Mapped[CreatedAt]


class Subscription(Base):
    """A plan that is paid in periods. `cancelled` runs on to the end of its period.

    `checked_at` is when the store was last asked about it.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint(one_of("plan", PlanName), name="plan"),
        CheckConstraint(one_of("status", SubscriptionStatus), name="status"),
        CheckConstraint(one_of("store", Store), name="store"),
        CheckConstraint("credits_per_month >= 0", name="credits_per_month"),
        CheckConstraint("current_period_start < current_period_end", name="period"),
        Index("uq_subscriptions_store", "store", "original_transaction_id", unique=True),
        Index("ix_subscriptions_due", "current_period_end"),
    )

    id: Mapped[Number]
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), index=True)
    store: Mapped[str] = mapped_column(String(20))
    original_transaction_id: Mapped[str] = mapped_column(String(120))
    plan: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    credits_per_month: Mapped[int]
    current_period_start: Mapped[datetime]
    current_period_end: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

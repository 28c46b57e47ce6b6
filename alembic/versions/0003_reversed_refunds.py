"""reversed refunds, changes of plan and what a payment is worth"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ENTRY_TYPES = (
    "gift", "grant", "purchase", "subscription", "hold", "capture", "release", "refund", "debt", "return", "settle",
    "close", "write_off",
)  # fmt: skip
OLD_ENTRY_TYPES = tuple(each for each in ENTRY_TYPES if each != "return")
ONE_ENTRY = "transaction_type IN ('purchase', 'subscription')"
OLD_ONE_ENTRY = "transaction_type IN ('purchase', 'subscription', 'refund', 'debt')"
WORTH = """
UPDATE store_transactions AS paid SET worth = CASE
    WHEN claimed_at IS NULL OR kind = 'credits' THEN credits
    WHEN credits = 0 AND NOT EXISTS (
        SELECT FROM store_transactions AS other
        WHERE (other.store, other.original_transaction_id) = (paid.store, paid.original_transaction_id)
            AND other.credits > 0 AND other.claimed_at IS NOT NULL
            AND other.purchased_at < paid.period_end AND paid.purchased_at < other.period_end
    ) THEN 0
    ELSE CASE product_id WHEN 'storybook.plan.basic' THEN 15 WHEN 'storybook.plan.premium' THEN 50 ELSE credits END
END
"""


def upgrade() -> None:
    op.add_column("store_transactions", sa.Column("worth", sa.Integer(), nullable=True))
    op.add_column("store_transactions", sa.Column("replaced_token", sa.String(length=2000), nullable=True))
    op.add_column("store_transactions", sa.Column("refund_told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(WORTH)
    op.execute("UPDATE store_transactions SET refund_told_at = refunded_at")
    op.alter_column("store_transactions", "worth", nullable=False)
    op.create_check_constraint(
        op.f("ck_store_transactions_no_more_than_its_worth"), "store_transactions", "credits <= worth"
    )
    op.create_index(
        "ix_store_transactions_replaced_token", "store_transactions", ["replaced_token"], postgresql_using="hash"
    )
    _set_rules(ENTRY_TYPES, ONE_ENTRY)


def downgrade() -> None:
    op.execute("ALTER TABLE credit_transactions DISABLE TRIGGER ledger_is_append_only")
    op.execute("DELETE FROM credit_transactions WHERE transaction_type = 'return'")
    op.execute("ALTER TABLE credit_transactions ENABLE TRIGGER ledger_is_append_only")
    _set_rules(OLD_ENTRY_TYPES, OLD_ONE_ENTRY)
    op.drop_index("ix_store_transactions_replaced_token", table_name="store_transactions", postgresql_using="hash")
    op.drop_constraint(op.f("ck_store_transactions_no_more_than_its_worth"), "store_transactions", type_="check")
    op.drop_column("store_transactions", "refund_told_at")
    op.drop_column("store_transactions", "replaced_token")
    op.drop_column("store_transactions", "worth")


def _set_rules(entry_types: tuple[str, ...], one_entry: str) -> None:
    allowed = f"transaction_type IN ({', '.join(repr(each) for each in entry_types)})"
    op.drop_constraint(op.f("ck_credit_transactions_transaction_type"), "credit_transactions", type_="check")
    op.create_check_constraint(op.f("ck_credit_transactions_transaction_type"), "credit_transactions", allowed)
    op.drop_index("uq_one_entry_a_payment", table_name="credit_transactions")
    op.create_index(
        "uq_one_entry_a_payment",
        "credit_transactions",
        ["transaction_type", "reference"],
        unique=True,
        postgresql_where=sa.text(one_entry),
    )

"""identity, purchases, limits and streaks"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ENTRY_TYPES = (
    "gift", "grant", "purchase", "subscription", "hold", "capture", "release", "refund", "debt", "settle", "close",
    "write_off",
)  # fmt: skip
ACCOUNTS = ("available", "held", "owed", "given", "sold", "spent", "refunded", "closed")
GRANTED = "kind = 'subscription' AND credits > 0 AND claimed_at IS NOT NULL AND refunded_at IS NULL"
OLD_ENTRY_TYPES = ("gift", "grant", "hold", "capture", "release")
OLD_ACCOUNTS = ("available", "held", "given", "spent")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


RULES = (
    ("credit_transactions", "transaction_type", _one_of("transaction_type", ENTRY_TYPES)),
    ("credit_transactions", "source", _one_of("source", ACCOUNTS)),
    ("credit_transactions", "target", _one_of("target", ACCOUNTS)),
)
OLD_RULES = (
    ("credit_transactions", "transaction_type", _one_of("transaction_type", OLD_ENTRY_TYPES)),
    ("credit_transactions", "source", _one_of("source", OLD_ACCOUNTS)),
    ("credit_transactions", "target", _one_of("target", OLD_ACCOUNTS)),
)
ENTRIES_OF_NOBODY = """
DELETE FROM credit_transactions entry
WHERE NOT EXISTS (SELECT FROM users WHERE users.id = entry.user_id)
   OR (job_id IS NOT NULL AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = entry.job_id))
   OR transaction_type NOT IN ('gift', 'grant', 'hold', 'capture', 'release')
"""
REFUSE = """
CREATE FUNCTION refuse_to_change_the_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of the ledger are only ever inserted' USING ERRCODE = 'restrict_violation';
END
$$
"""


def _refuse_to_change_the_ledger() -> None:
    op.execute(REFUSE)
    op.execute(
        "CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON credit_transactions "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_change_the_ledger()"
    )
    op.execute(
        "CREATE TRIGGER ledger_is_never_emptied BEFORE TRUNCATE ON credit_transactions "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_ledger()"
    )


def _make_anew(table: str, create: Callable[[], None]) -> None:
    """For tables that nothing was ever written to."""
    op.drop_table(table)
    create()


def _rate_limits() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("call_class", sa.String(length=20), nullable=False),
        sa.Column("admitted", postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "call_class", name=op.f("pk_rate_limits")),
    )
    op.create_index(op.f("ix_rate_limits_expires_at"), "rate_limits", ["expires_at"], unique=False)


def _old_rate_limits() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("call_class", sa.String(length=20), nullable=False),
        sa.Column("request_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("request_count >= 0", name=op.f("ck_rate_limits_request_count")),
        sa.PrimaryKeyConstraint("subject", "call_class", name=op.f("pk_rate_limits")),
    )


def _subscription_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("plan", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("credits_per_month", sa.Integer(), nullable=False),
        sa.Column("current_period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def _subscription_rules() -> list[sa.Constraint]:
    return [
        sa.CheckConstraint("plan IN ('free', 'basic', 'premium')", name=op.f("ck_subscriptions_plan")),
        sa.CheckConstraint("status IN ('active', 'cancelled', 'expired')", name=op.f("ck_subscriptions_status")),
        sa.CheckConstraint("credits_per_month >= 0", name=op.f("ck_subscriptions_credits_per_month")),
        sa.CheckConstraint("current_period_start < current_period_end", name=op.f("ck_subscriptions_period")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    ]


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        *_subscription_columns(),
        sa.Column("store", sa.String(length=20), nullable=False),
        sa.Column("original_transaction_id", sa.String(length=120), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        *_subscription_rules(),
        sa.CheckConstraint("store IN ('apple', 'google', 'development')", name=op.f("ck_subscriptions_store")),
    )
    op.create_index(op.f("ix_subscriptions_user_id"), "subscriptions", ["user_id"], unique=False)
    op.create_index("ix_subscriptions_due", "subscriptions", ["current_period_end"], unique=False)
    op.create_index("uq_subscriptions_store", "subscriptions", ["store", "original_transaction_id"], unique=True)


def _old_subscriptions() -> None:
    op.create_table("subscriptions", *_subscription_columns(), *_subscription_rules())
    op.create_index(op.f("ix_subscriptions_user_id"), "subscriptions", ["user_id"], unique=False)
    op.create_index(
        "uq_one_active", "subscriptions", ["user_id"], unique=True, postgresql_where=sa.text("status = 'active'")
    )


def upgrade() -> None:
    op.create_table(
        "account_deletions",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("removed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("files_gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_deletions")),
    )
    op.create_table(
        "gift_counts",
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.CheckConstraint("given > 0", name=op.f("ck_gift_counts_given")),
        sa.PrimaryKeyConstraint("address", "day", name=op.f("pk_gift_counts")),
    )
    op.create_index(op.f("ix_gift_counts_day"), "gift_counts", ["day"], unique=False)
    op.create_table(
        "store_notifications",
        sa.Column("store", sa.String(length=20), nullable=False),
        sa.Column("notification_id", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("store", "notification_id", name=op.f("pk_store_notifications")),
    )
    op.create_table(
        "store_renewals",
        sa.Column("store", sa.String(length=20), nullable=False),
        sa.Column("original_transaction_id", sa.String(length=120), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("store IN ('apple', 'google', 'development')", name=op.f("ck_store_renewals_store")),
        sa.PrimaryKeyConstraint("store", "original_transaction_id", name=op.f("pk_store_renewals")),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_devices_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    op.create_index(op.f("ix_devices_user_id"), "devices", ["user_id"], unique=False)
    op.create_table(
        "milestones",
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_milestones_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "kind", "days", name=op.f("pk_milestones")),
    )
    op.create_table(
        "store_transactions",
        sa.Column("store", sa.String(length=20), nullable=False),
        sa.Column("transaction_id", sa.String(length=120), nullable=False),
        sa.Column("original_transaction_id", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=True),
        sa.Column("product_id", sa.String(length=120), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("purchased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.String(length=2000), nullable=True),
        sa.Column("confirm_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('credits', 'subscription')", name=op.f("ck_store_transactions_kind")),
        sa.CheckConstraint("store IN ('apple', 'google', 'development')", name=op.f("ck_store_transactions_store")),
        sa.CheckConstraint("credits >= 0", name=op.f("ck_store_transactions_credits")),
        sa.CheckConstraint(
            "claimed_at IS NULL OR product_id IS NOT NULL",
            name=op.f("ck_store_transactions_what_is_claimed_is_known"),
        ),
        sa.CheckConstraint(
            "(kind = 'subscription') = (period_end IS NOT NULL)",
            name=op.f("ck_store_transactions_a_subscription_has_a_period"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_store_transactions_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("store", "transaction_id", name=op.f("pk_store_transactions")),
    )
    op.create_index(
        "ix_store_transactions_original", "store_transactions", ["store", "original_transaction_id"], unique=False
    )
    op.create_index(
        "uq_one_grant_a_period",
        "store_transactions",
        ["store", "original_transaction_id", "product_id", "period_end"],
        unique=True,
        postgresql_where=sa.text(GRANTED),
    )
    op.create_index("ix_store_transactions_token", "store_transactions", ["token"], postgresql_using="hash")
    op.create_index(
        "ix_store_transactions_confirm_at",
        "store_transactions",
        ["confirm_at"],
        unique=False,
        postgresql_where=sa.text("confirm_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_store_transactions_user_id"), "store_transactions", ["user_id"], unique=False)
    op.create_table(
        "daily_books",
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("job_id", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_daily_books_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_daily_books_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "date", name=op.f("pk_daily_books")),
    )
    op.create_index(op.f("ix_daily_books_job_id"), "daily_books", ["job_id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.String(length=60), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "attempt_hash IS NULL OR used_at IS NOT NULL", name=op.f("ck_refresh_tokens_an_attempt_used_it")
        ),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_refresh_tokens_token_hash_is_sha256")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_refresh_tokens_device_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_device_id"), "refresh_tokens", ["device_id"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_expires_at"), "refresh_tokens", ["expires_at"], unique=False)
    op.create_index(
        "uq_one_fresh_token", "refresh_tokens", ["device_id"], unique=True, postgresql_where=sa.text("used_at IS NULL")
    )
    op.add_column("credit_transactions", sa.Column("reference", sa.String(length=200), nullable=True))
    op.create_index(
        "uq_one_entry_a_payment",
        "credit_transactions",
        ["transaction_type", "reference"],
        unique=True,
        postgresql_where=sa.text("transaction_type IN ('purchase', 'subscription', 'refund', 'debt')"),
    )
    op.drop_constraint(op.f("fk_credit_transactions_user_id"), "credit_transactions", type_="foreignkey")
    op.drop_constraint(op.f("fk_credit_transactions_job_id"), "credit_transactions", type_="foreignkey")
    op.add_column("daily_streaks", sa.Column("rest_days_used", sa.Integer(), server_default="0", nullable=False))
    op.add_column("discarded_files", sa.Column("deletion_id", sa.String(length=60), nullable=True))
    op.add_column(
        "discarded_files",
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("discarded_files", sa.Column("written_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_discarded_files_due_at"), "discarded_files", ["due_at"], unique=False)
    op.create_index(op.f("ix_discarded_files_deletion_id"), "discarded_files", ["deletion_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_discarded_files_deletion_id"),
        "discarded_files",
        "account_deletions",
        ["deletion_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.add_column("user_credits", sa.Column("owed", sa.Integer(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("note", sa.String(length=300), nullable=True))
    op.add_column("jobs", sa.Column("retry_of", sa.String(length=60), nullable=True))
    op.create_index(
        "uq_one_retry",
        "jobs",
        ["retry_of"],
        unique=True,
        postgresql_where=sa.text("retry_of IS NOT NULL AND status <> 'failed'"),
    )
    op.add_column("pages", sa.Column("scene", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("users", sa.Column("key_retired_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("welcomed", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("users", sa.Column("language", sa.String(length=10), server_default="ko", nullable=False))
    op.alter_column("users", "key_hash", existing_type=postgresql.BYTEA(), nullable=True)
    _refuse_to_change_the_ledger()
    _make_anew("rate_limits", _rate_limits)
    _make_anew("subscriptions", _subscriptions)
    for table, name, rule in RULES:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
    op.create_check_constraint(op.f("ck_user_credits_owed"), "user_credits", "owed >= 0")
    op.create_check_constraint(op.f("ck_daily_streaks_rest_days_used"), "daily_streaks", "rest_days_used >= 0")
    op.create_check_constraint(
        op.f("ck_users_only_a_key_retires"), "users", "key_hash IS NOT NULL OR key_retired_at IS NULL"
    )
    op.create_check_constraint(op.f("ck_users_language"), "users", "language IN ('ko', 'en', 'ja')")
    op.execute("UPDATE users SET welcomed = true")


def downgrade() -> None:
    op.execute("DROP TRIGGER ledger_is_append_only ON credit_transactions")
    op.execute("DROP TRIGGER ledger_is_never_emptied ON credit_transactions")
    op.execute("DROP FUNCTION refuse_to_change_the_ledger")
    op.execute("DELETE FROM users WHERE key_hash IS NULL")
    op.execute(ENTRIES_OF_NOBODY)
    _make_anew("rate_limits", _old_rate_limits)
    _make_anew("subscriptions", _old_subscriptions)
    for table, name, rule in OLD_RULES:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
    op.drop_constraint(op.f("ck_users_only_a_key_retires"), "users", type_="check")
    op.alter_column("users", "key_hash", existing_type=postgresql.BYTEA(), nullable=False)
    op.drop_column("users", "language")
    op.drop_column("users", "welcomed")
    op.drop_column("users", "key_retired_at")
    op.drop_column("pages", "scene")
    op.drop_index(
        "uq_one_retry",
        table_name="jobs",
        postgresql_where=sa.text("retry_of IS NOT NULL AND status <> 'failed'"),
    )
    op.drop_column("jobs", "retry_of")
    op.drop_column("jobs", "note")
    op.drop_column("user_credits", "owed")
    op.drop_constraint(op.f("fk_discarded_files_deletion_id"), "discarded_files", type_="foreignkey")
    op.drop_index(op.f("ix_discarded_files_deletion_id"), table_name="discarded_files")
    op.drop_index(op.f("ix_discarded_files_due_at"), table_name="discarded_files")
    op.drop_column("discarded_files", "written_until")
    op.drop_column("discarded_files", "due_at")
    op.drop_column("discarded_files", "deletion_id")
    op.drop_column("daily_streaks", "rest_days_used")
    op.create_foreign_key(
        op.f("fk_credit_transactions_job_id"), "credit_transactions", "jobs", ["job_id"], ["id"], ondelete="CASCADE"
    )
    op.create_foreign_key(
        op.f("fk_credit_transactions_user_id"), "credit_transactions", "users", ["user_id"], ["id"], ondelete="CASCADE"
    )
    op.drop_index(
        "uq_one_entry_a_payment",
        table_name="credit_transactions",
        postgresql_where=sa.text("transaction_type IN ('purchase', 'subscription', 'refund', 'debt')"),
    )
    op.drop_column("credit_transactions", "reference")
    op.drop_index("uq_one_fresh_token", table_name="refresh_tokens", postgresql_where=sa.text("used_at IS NULL"))
    op.drop_index(op.f("ix_refresh_tokens_expires_at"), table_name="refresh_tokens")
    op.drop_index(op.f("ix_refresh_tokens_device_id"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index(op.f("ix_daily_books_job_id"), table_name="daily_books")
    op.drop_table("daily_books")
    op.drop_index(op.f("ix_store_transactions_user_id"), table_name="store_transactions")
    op.drop_index(
        "ix_store_transactions_confirm_at",
        table_name="store_transactions",
        postgresql_where=sa.text("confirm_at IS NOT NULL"),
    )
    op.drop_index("ix_store_transactions_token", table_name="store_transactions", postgresql_using="hash")
    op.drop_index("uq_one_grant_a_period", table_name="store_transactions", postgresql_where=sa.text(GRANTED))
    op.drop_index("ix_store_transactions_original", table_name="store_transactions")
    op.drop_table("store_transactions")
    op.drop_table("milestones")
    op.drop_index(op.f("ix_devices_user_id"), table_name="devices")
    op.drop_table("devices")
    op.drop_table("store_renewals")
    op.drop_table("store_notifications")
    op.drop_index(op.f("ix_gift_counts_day"), table_name="gift_counts")
    op.drop_table("gift_counts")
    op.drop_table("account_deletions")

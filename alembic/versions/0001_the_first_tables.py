"""the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TELL_WHO_LISTENS = """
CREATE FUNCTION tell_who_listens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('jobs', NEW.id);
    RETURN NULL;
END
$$
"""
ON_EVERY_CHANGE = """
CREATE TRIGGER tell_who_listens AFTER UPDATE OF revision ON jobs
FOR EACH ROW EXECUTE FUNCTION tell_who_listens()
"""


def upgrade() -> None:
    op.create_table(
        "daily_stories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("theme", sa.String(length=30), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daily_stories")),
        sa.UniqueConstraint("date", name=op.f("uq_daily_stories_date")),
    )
    op.create_table(
        "discarded_files",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_discarded_files")),
    )
    op.create_table(
        "rate_limits",
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("call_class", sa.String(length=20), nullable=False),
        sa.Column("request_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("request_count >= 0", name=op.f("ck_rate_limits_request_count")),
        sa.PrimaryKeyConstraint("subject", "call_class", name=op.f("pk_rate_limits")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("time_zone", sa.String(length=60), server_default="UTC", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("octet_length(key_hash) = 32", name=op.f("ck_users_key_hash_is_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_users_key_hash")),
    )
    op.create_table(
        "characters",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("master_description", sa.Text(), nullable=False),
        sa.Column("appearance", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("clothing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("personality_traits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("visual_style_notes", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "char_length(master_description) BETWEEN 10 AND 400", name=op.f("ck_characters_master_description")
        ),
        sa.CheckConstraint(
            "jsonb_array_length(personality_traits) BETWEEN 1 AND 10", name=op.f("ck_characters_personality_traits")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_characters_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_characters")),
    )
    op.create_index(op.f("ix_characters_user_id"), "characters", ["user_id"], unique=False)
    op.create_table(
        "daily_streaks",
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("current_streak", sa.Integer(), server_default="0", nullable=False),
        sa.Column("longest_streak", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_read_date", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("current_streak >= 0", name=op.f("ck_daily_streaks_current_streak")),
        sa.CheckConstraint("longest_streak >= current_streak", name=op.f("ck_daily_streaks_longest_streak")),
        sa.CheckConstraint("total_days >= longest_streak", name=op.f("ck_daily_streaks_total_days")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_daily_streaks_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_daily_streaks")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("route", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_idempotency_keys_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "route", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_expires_at"), "idempotency_keys", ["expires_at"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="queued", nullable=False),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("current_step", sa.String(length=120), server_default="queued", nullable=False),
        sa.Column("error_code", sa.String(length=60), nullable=True),
        sa.Column("error_message", sa.String(length=300), nullable=True),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("asset_token", sa.String(length=60), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recoveries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name=op.f("ck_jobs_failed_has_code")),
        sa.CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name=op.f("ck_jobs_running_has_lease")),
        sa.CheckConstraint(
            "error_code IS NULL OR error_code IN ('SAFETY_INPUT', 'SAFETY_OUTPUT', 'LLM_TIMEOUT', 'LLM_JSON_INVALID', 'IMAGE_TIMEOUT', 'IMAGE_RATE_LIMIT', 'IMAGE_FAILED', 'STORAGE_UPLOAD_FAILED', 'DB_WRITE_FAILED', 'QUEUE_FAILED', 'CANCELLED', 'UNKNOWN')",
            name=op.f("ck_jobs_error_code"),
        ),
        sa.CheckConstraint("kind IN ('book', 'page', 'audio', 'portrait')", name=op.f("ck_jobs_kind")),
        sa.CheckConstraint("status <> 'done' OR progress = 100", name=op.f("ck_jobs_done_is_complete")),
        sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_jobs_status")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_jobs_progress")),
        sa.CheckConstraint("seed BETWEEN 1 AND 2147483647", name=op.f("ck_jobs_seed")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_jobs_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("asset_token", name=op.f("uq_jobs_asset_token")),
    )
    op.create_index(op.f("ix_jobs_user_id"), "jobs", ["user_id"], unique=False)
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("plan", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("credits_per_month", sa.Integer(), nullable=False),
        sa.Column("current_period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("plan IN ('free', 'basic', 'premium')", name=op.f("ck_subscriptions_plan")),
        sa.CheckConstraint("status IN ('active', 'cancelled', 'expired')", name=op.f("ck_subscriptions_status")),
        sa.CheckConstraint("credits_per_month >= 0", name=op.f("ck_subscriptions_credits_per_month")),
        sa.CheckConstraint("current_period_start < current_period_end", name=op.f("ck_subscriptions_period")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_user_id"), "subscriptions", ["user_id"], unique=False)
    op.create_index(
        "uq_one_active", "subscriptions", ["user_id"], unique=True, postgresql_where=sa.text("status = 'active'")
    )
    op.create_table(
        "user_credits",
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("credits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_purchased", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("credits >= 0", name=op.f("ck_user_credits_credits")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_user_credits_held")),
        sa.CheckConstraint("total_purchased >= 0", name=op.f("ck_user_credits_total_purchased")),
        sa.CheckConstraint("total_used >= 0", name=op.f("ck_user_credits_total_used")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_credits_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_credits")),
    )
    op.create_table(
        "books",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("job_id", sa.String(length=60), nullable=False),
        sa.Column("character_id", sa.String(length=60), nullable=True),
        sa.Column("previous_book_id", sa.String(length=60), nullable=True),
        sa.Column("series_id", sa.String(length=60), nullable=True),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("moral", sa.String(length=120), nullable=False),
        sa.Column("hero", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("target_age", sa.String(length=10), nullable=False),
        sa.Column("style", sa.String(length=30), nullable=False),
        sa.Column("theme", sa.String(length=20), nullable=True),
        sa.Column("cover_key", sa.String(length=200), nullable=False),
        sa.Column("pdf_key", sa.String(length=200), nullable=True),
        sa.Column("audio_key", sa.String(length=200), nullable=True),
        sa.Column("made_by", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language IN ('ko', 'en', 'ja')", name=op.f("ck_books_language")),
        sa.CheckConstraint(
            "style IN ('watercolor', 'cartoon', '3d', 'pixel', 'oil_painting', 'claymation')",
            name=op.f("ck_books_style"),
        ),
        sa.CheckConstraint("target_age IN ('3-5', '5-7', '7-9', 'adult')", name=op.f("ck_books_target_age")),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("fk_books_character_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_books_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["previous_book_id"], ["books.id"], name=op.f("fk_books_previous_book_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_books_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_books")),
        sa.UniqueConstraint("job_id", name=op.f("uq_books_job_id")),
    )
    op.create_index(op.f("ix_books_character_id"), "books", ["character_id"], unique=False)
    op.create_index(op.f("ix_books_previous_book_id"), "books", ["previous_book_id"], unique=False)
    op.create_index(
        "ix_books_series_id", "books", ["series_id"], unique=False, postgresql_where=sa.text("series_id IS NOT NULL")
    )
    op.create_index("ix_books_user_id_created_at_id", "books", ["user_id", "created_at", "id"], unique=False)
    op.create_table(
        "credit_transactions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("job_id", sa.String(length=60), nullable=True),
        sa.Column("transaction_type", sa.String(length=30), nullable=False),
        sa.Column("source", sa.String(length=30), nullable=False),
        sa.Column("target", sa.String(length=30), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("balance_after", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(transaction_type IN ('hold', 'capture', 'release')) = (job_id IS NOT NULL)",
            name=op.f("ck_credit_transactions_holds_name_a_job"),
        ),
        sa.CheckConstraint(
            "source IN ('available', 'held', 'given', 'spent')", name=op.f("ck_credit_transactions_source")
        ),
        sa.CheckConstraint(
            "target IN ('available', 'held', 'given', 'spent')", name=op.f("ck_credit_transactions_target")
        ),
        sa.CheckConstraint(
            "transaction_type IN ('gift', 'grant', 'hold', 'capture', 'release')",
            name=op.f("ck_credit_transactions_transaction_type"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_transactions_amount")),
        sa.CheckConstraint("balance_after >= 0", name=op.f("ck_credit_transactions_balance_after")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_credit_transactions_job_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_credit_transactions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_transactions")),
    )
    op.create_index("ix_credit_transactions_user_id_id", "credit_transactions", ["user_id", "id"], unique=False)
    op.create_index(
        "uq_one_ending",
        "credit_transactions",
        ["job_id"],
        unique=True,
        postgresql_where=sa.text("transaction_type IN ('capture', 'release')"),
    )
    op.create_index(
        "uq_one_gift",
        "credit_transactions",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("transaction_type = 'gift'"),
    )
    op.create_index(
        "uq_one_hold",
        "credit_transactions",
        ["job_id"],
        unique=True,
        postgresql_where=sa.text("transaction_type = 'hold'"),
    )
    op.create_table(
        "image_prompts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.String(length=60), nullable=False),
        sa.Column("page_number", sa.Integer(), nullable=False),
        sa.Column("prompt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("page_number BETWEEN 0 AND 12", name=op.f("ck_image_prompts_page_number")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_image_prompts_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_prompts")),
        sa.UniqueConstraint("job_id", "page_number", name=op.f("uq_image_prompts_job_id_page_number")),
    )
    op.create_table(
        "job_photos",
        sa.Column("job_id", sa.String(length=60), nullable=False),
        sa.Column("photo", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_photos_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_photos")),
    )
    op.create_table(
        "step_artifacts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.String(length=60), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("page_number", sa.Integer(), nullable=False),
        sa.Column("artifact", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "step IN ('normalize', 'moderate_input', 'generate_story', 'generate_character_sheet', 'generate_image_prompts', 'generate_images', 'moderate_output', 'package', 'narrate')",
            name=op.f("ck_step_artifacts_step"),
        ),
        sa.CheckConstraint("page_number BETWEEN -1 AND 12", name=op.f("ck_step_artifacts_page_number")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_step_artifacts_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_artifacts")),
        sa.UniqueConstraint("job_id", "step", "page_number", name=op.f("uq_step_artifacts_job_id_step_page_number")),
    )
    op.create_table(
        "story_drafts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.String(length=60), nullable=False),
        sa.Column("draft", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_story_drafts_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_drafts")),
        sa.UniqueConstraint("job_id", name=op.f("uq_story_drafts_job_id")),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("book_id", sa.String(length=60), nullable=False),
        sa.Column("page_number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("image_key", sa.String(length=200), nullable=False),
        sa.Column("image_prompt", sa.Text(), nullable=False),
        sa.Column("audio_key", sa.String(length=200), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(text) BETWEEN 1 AND 600", name=op.f("ck_pages_text")),
        sa.CheckConstraint("page_number BETWEEN 1 AND 12", name=op.f("ck_pages_page_number")),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("fk_pages_book_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("book_id", "page_number", name=op.f("uq_pages_book_id_page_number")),
    )
    op.create_table(
        "reading_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("book_id", sa.String(length=60), nullable=True),
        sa.Column("read_date", sa.Date(), nullable=False),
        sa.Column("reading_time", sa.Integer(), server_default="0", nullable=False),
        sa.Column("completed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("reading_time >= 0", name=op.f("ck_reading_logs_reading_time")),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("fk_reading_logs_book_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reading_logs_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_logs")),
    )
    op.create_index(op.f("ix_reading_logs_book_id"), "reading_logs", ["book_id"], unique=False)
    op.create_index(
        "uq_reading_logs_user_id_read_date_book_id", "reading_logs", ["user_id", "read_date", "book_id"], unique=True
    )
    op.execute(TELL_WHO_LISTENS)
    op.execute(ON_EVERY_CHANGE)


def downgrade() -> None:
    op.execute("DROP TRIGGER tell_who_listens ON jobs")
    op.execute("DROP FUNCTION tell_who_listens")
    op.drop_index("uq_reading_logs_user_id_read_date_book_id", table_name="reading_logs")
    op.drop_index(op.f("ix_reading_logs_book_id"), table_name="reading_logs")
    op.drop_table("reading_logs")
    op.drop_table("pages")
    op.drop_table("story_drafts")
    op.drop_table("step_artifacts")
    op.drop_table("job_photos")
    op.drop_table("image_prompts")
    op.drop_index(
        "uq_one_hold", table_name="credit_transactions", postgresql_where=sa.text("transaction_type = 'hold'")
    )
    op.drop_index(
        "uq_one_gift", table_name="credit_transactions", postgresql_where=sa.text("transaction_type = 'gift'")
    )
    op.drop_index(
        "uq_one_ending",
        table_name="credit_transactions",
        postgresql_where=sa.text("transaction_type IN ('capture', 'release')"),
    )
    op.drop_index("ix_credit_transactions_user_id_id", table_name="credit_transactions")
    op.drop_table("credit_transactions")
    op.drop_index("ix_books_user_id_created_at_id", table_name="books")
    op.drop_index("ix_books_series_id", table_name="books", postgresql_where=sa.text("series_id IS NOT NULL"))
    op.drop_index(op.f("ix_books_previous_book_id"), table_name="books")
    op.drop_index(op.f("ix_books_character_id"), table_name="books")
    op.drop_table("books")
    op.drop_table("user_credits")
    op.drop_index("uq_one_active", table_name="subscriptions", postgresql_where=sa.text("status = 'active'"))
    op.drop_index(op.f("ix_subscriptions_user_id"), table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_index("ix_jobs_waiting", table_name="jobs", postgresql_where=sa.text("status IN ('queued', 'running')"))
    op.drop_index(op.f("ix_jobs_user_id"), table_name="jobs")
    op.drop_table("jobs")
    op.drop_index(op.f("ix_idempotency_keys_expires_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("daily_streaks")
    op.drop_index(op.f("ix_characters_user_id"), table_name="characters")
    op.drop_table("characters")
    op.drop_table("users")
    op.drop_table("rate_limits")
    op.drop_table("discarded_files")
    op.drop_table("daily_stories")

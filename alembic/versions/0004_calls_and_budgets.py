"""calls and budgets"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CODES = (
    "SAFETY_INPUT", "SAFETY_OUTPUT", "LLM_TIMEOUT", "LLM_JSON_INVALID", "IMAGE_TIMEOUT", "IMAGE_RATE_LIMIT",
    "IMAGE_FAILED", "STORAGE_UPLOAD_FAILED", "DB_WRITE_FAILED", "QUEUE_FAILED", "SERVICE_BUDGET_EXCEEDED", "CANCELLED",
    "UNKNOWN",
)  # fmt: skip
OLD_CODES = tuple(code for code in CODES if code != "SERVICE_BUDGET_EXCEEDED")


def _one_of(codes: tuple[str, ...]) -> str:
    return f"error_code IS NULL OR error_code IN ({', '.join(repr(code) for code in codes)})"


def _replace(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def upgrade() -> None:
    op.create_table(
        "provider_calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.String(length=60), nullable=True),
        sa.Column("user_id", sa.String(length=60), nullable=True),
        sa.Column("step", sa.String(length=40), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("vendor", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("vendor_id", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=20), server_default="begun", nullable=False),
        sa.Column(
            "units", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("worst", sa.BigInteger(), nullable=False),
        sa.Column("micro_dollars", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'begun') = (ended_at IS NULL)", name=op.f("ck_provider_calls_what_ended_has_an_end")
        ),
        sa.CheckConstraint(
            "kind IN ('text', 'image', 'speech', 'sight', 'moderation')", name=op.f("ck_provider_calls_kind")
        ),
        sa.CheckConstraint(
            "outcome IN ('begun', 'ok', 'unusable', 'refused', 'busy', 'failed', 'not_sent', 'unknown')",
            name=op.f("ck_provider_calls_outcome"),
        ),
        sa.CheckConstraint(
            "step IN ('normalize', 'moderate_input', 'generate_story', 'generate_character_sheet', 'generate_image_prompts', 'generate_images', 'moderate_output', 'package', 'narrate')",
            name=op.f("ck_provider_calls_step"),
        ),
        sa.CheckConstraint("micro_dollars >= 0", name=op.f("ck_provider_calls_micro_dollars")),
        sa.CheckConstraint("worst >= 0", name=op.f("ck_provider_calls_worst")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_calls")),
    )
    op.create_index("ix_provider_calls_created_at", "provider_calls", ["created_at"], unique=False)
    op.create_index("ix_provider_calls_job_id_step_page", "provider_calls", ["job_id", "step", "page"], unique=False)
    op.create_index(
        "ix_provider_calls_open",
        "provider_calls",
        ["job_id"],
        unique=False,
        postgresql_where=sa.text("outcome IN ('begun', 'unknown')"),
    )
    op.create_table(
        "job_budgets",
        sa.Column("job_id", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("closed", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("used <= reserved", name=op.f("ck_job_budgets_within")),
        sa.CheckConstraint("used >= 0", name=op.f("ck_job_budgets_used")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_budgets")),
    )
    op.create_index("ix_job_budgets_day", "job_budgets", ["day"], unique=False)
    op.add_column("jobs", sa.Column("wait_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("working_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("worked_seconds", sa.Double(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_jobs_worked_seconds"), "jobs", "worked_seconds >= 0")
    _replace("jobs", "error_code", _one_of(CODES))
    _replace("step_artifacts", "page_number", "page_number BETWEEN -2 AND 12")
    _replace("image_prompts", "page_number", "page_number BETWEEN -2 AND 12")


def downgrade() -> None:
    op.execute("DELETE FROM step_artifacts WHERE page_number = -2")
    op.execute("DELETE FROM image_prompts WHERE page_number = -2")
    _replace("image_prompts", "page_number", "page_number BETWEEN 0 AND 12")
    op.execute("UPDATE jobs SET error_code = 'UNKNOWN' WHERE error_code = 'SERVICE_BUDGET_EXCEEDED'")
    _replace("jobs", "error_code", _one_of(OLD_CODES))
    _replace("step_artifacts", "page_number", "page_number BETWEEN -1 AND 12")
    op.drop_column("jobs", "worked_seconds")
    op.drop_column("jobs", "working_since")
    op.drop_column("jobs", "wait_until")
    op.drop_index("ix_job_budgets_day", table_name="job_budgets")
    op.drop_table("job_budgets")
    op.drop_index(
        "ix_provider_calls_open",
        table_name="provider_calls",
        postgresql_where=sa.text("outcome IN ('begun', 'unknown')"),
    )
    op.drop_index("ix_provider_calls_job_id_step_page", table_name="provider_calls")
    op.drop_index("ix_provider_calls_created_at", table_name="provider_calls")
    op.drop_table("provider_calls")

"""operator actions"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_actions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("job_id", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.String(length=60), nullable=True),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("new_job_id", sa.String(length=60), nullable=True),
        sa.Column("credits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("action IN ('retry', 'cancel', 'refund')", name=op.f("ck_operator_actions_action")),
        sa.CheckConstraint("result IN ('done', 'refused')", name=op.f("ck_operator_actions_result")),
        sa.CheckConstraint(
            "(result = 'refused') = (code IS NOT NULL)", name=op.f("ck_operator_actions_refused_has_code")
        ),
        sa.CheckConstraint("credits >= 0", name=op.f("ck_operator_actions_credits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_actions")),
    )
    op.create_index("ix_operator_actions_job_id", "operator_actions", ["job_id"])
    op.create_index("ix_operator_actions_user_id", "operator_actions", ["user_id"])
    op.create_index(
        "uq_one_refund",
        "operator_actions",
        ["job_id"],
        unique=True,
        postgresql_where=sa.text("action = 'refund' AND result = 'done'"),
    )
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"])


def downgrade() -> None:
    op.drop_index("ix_jobs_finished_at", table_name="jobs")
    op.drop_table("operator_actions")

"""visits of operators and open breakers"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_visits",
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_operator_visits")),
    )
    op.create_table(
        "open_breakers",
        sa.Column("line", sa.String(length=60), nullable=False),
        sa.Column("vendor", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('text', 'image', 'speech', 'sight', 'moderation')", name=op.f("ck_open_breakers_kind")
        ),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_open_breakers")),
    )


def downgrade() -> None:
    op.drop_table("open_breakers")
    op.drop_table("operator_visits")

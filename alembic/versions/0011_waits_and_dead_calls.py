"""waits and dead calls"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("began_fence", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("waits_for", sa.String(length=60), nullable=True))
    op.add_column("jobs", sa.Column("waited_seconds", sa.Double(), server_default="0", nullable=False))
    op.add_column("provider_calls", sa.Column("request_key", sa.String(length=60), nullable=True))
    op.add_column("provider_calls", sa.Column("outside", sa.Boolean(), server_default="false", nullable=False))
    op.create_unique_constraint(op.f("uq_provider_calls_request_key"), "provider_calls", ["request_key"])


def downgrade() -> None:
    op.drop_constraint(op.f("uq_provider_calls_request_key"), "provider_calls")
    op.drop_column("provider_calls", "outside")
    op.drop_column("provider_calls", "request_key")
    op.drop_column("jobs", "waited_seconds")
    op.drop_column("jobs", "waits_for")
    op.drop_column("jobs", "began_fence")

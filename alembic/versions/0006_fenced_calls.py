"""fenced calls"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider_calls", sa.Column("fence", sa.BigInteger(), nullable=True))
    op.add_column("provider_calls", sa.Column("repay_not_before", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("provider_calls", "repay_not_before")
    op.drop_column("provider_calls", "fence")

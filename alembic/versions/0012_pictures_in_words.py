"""pictures in words"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KINDS = "kind IN ('book', 'page', 'audio', 'portrait'{})"
STEPS = (
    "step IN ('normalize', 'moderate_input', 'generate_story', 'generate_character_sheet', 'generate_image_prompts', "
    "'generate_images', 'moderate_output', 'package', 'narrate'{})"
)


def upgrade() -> None:
    op.add_column("books", sa.Column("cover_alt_text", sa.String(length=200), nullable=True))
    op.add_column("pages", sa.Column("alt_text", sa.String(length=200), nullable=True))
    _allow("jobs", "kind", KINDS.format(", 'description'"))
    _allow("step_artifacts", "step", STEPS.format(", 'describe_pictures'"))
    _allow("provider_calls", "step", STEPS.format(", 'describe_pictures'"))


def downgrade() -> None:
    op.execute("UPDATE provider_calls SET step = NULL WHERE step = 'describe_pictures'")
    op.execute("DELETE FROM step_artifacts WHERE step = 'describe_pictures'")
    op.execute("DELETE FROM jobs WHERE kind = 'description'")
    _allow("provider_calls", "step", STEPS.format(""))
    _allow("step_artifacts", "step", STEPS.format(""))
    _allow("jobs", "kind", KINDS.format(""))
    op.drop_column("pages", "alt_text")
    op.drop_column("books", "cover_alt_text")


def _allow(table: str, column: str, values: str) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, values)

"""Models and migrations say the same, up from empty and down again."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from storybook.core.database import Database
from storybook.core.migrations import downgrade, is_current, migrate
from storybook.models import Base

TABLES_OF_THE_CONTRACT = {
    "jobs", "books", "pages", "characters", "story_drafts", "image_prompts", "user_credits", "subscriptions",
    "credit_transactions", "daily_streaks", "daily_stories", "reading_logs", "rate_limits",
}  # fmt: skip


async def test_the_migrations_make_what_the_models_say(empty_database: Database) -> None:
    assert not await is_current(empty_database.engine)
    await migrate(empty_database.engine)
    assert await is_current(empty_database.engine)
    async with empty_database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    migrated = await _rules(empty_database)
    await downgrade(empty_database.engine, "base")
    async with empty_database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    assert migrated == await _rules(empty_database)


async def test_the_migrations_can_be_taken_back(empty_database: Database) -> None:
    await migrate(empty_database.engine)
    await downgrade(empty_database.engine, "base")
    async with empty_database.engine.connect() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == ["alembic_version"]
    await migrate(empty_database.engine)
    assert await is_current(empty_database.engine)


def test_the_tables_of_the_contract_are_there() -> None:
    assert set(Base.metadata.tables) >= TABLES_OF_THE_CONTRACT


def test_every_time_has_a_zone_and_every_reference_says_what_a_deletion_does() -> None:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            assert getattr(column.type, "timezone", True), column
            for reference in column.foreign_keys:
                assert reference.ondelete in ("CASCADE", "SET NULL"), column


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, Base.metadata))


async def _rules(database: Database) -> set[tuple[str, str]]:
    """Every constraint and index of the database, as PostgreSQL itself writes it."""
    async with database.session() as session:
        constraints = await session.execute(
            text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid > 0")
        )
        indexes = await session.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"))
        return {(str(name), str(rule)) for name, rule in [*constraints, *indexes] if "alembic" not in name}

"""Bringing a database to the newest form of the tables."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storybook.core.paths import bundled

_UNLIMITED = text(
    "SELECT set_config(name, '0', true) FROM "
    "unnest(ARRAY['idle_in_transaction_session_timeout', 'lock_timeout', 'statement_timeout']) AS name"
)
"""Until the end of the transaction: the tables of a large service take long to change."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(bundled("alembic")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Upgrades the tables, in one transaction."""
    async with engine.begin() as connection:
        await connection.execute(_UNLIMITED)
        await connection.run_sync(lambda sync: command.upgrade(configuration(sync), revision))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Takes migrations back, in one transaction."""
    async with engine.begin() as connection:
        await connection.execute(_UNLIMITED)
        await connection.run_sync(lambda sync: command.downgrade(configuration(sync), revision))


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database has the newest form of the tables."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    return bool(await _present(engine) == newest)


async def is_newer(engine: AsyncEngine) -> bool:
    """Whether the tables have a form that only a later version knows."""
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    return await _present(engine) not in {None, *known}


async def _present(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())

"""The connection to PostgreSQL. The only place that commits."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Dialect, Select, event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

TRUSTED_SECONDS = 5.0
WAIT_SECONDS = 20.0
"""For a free connection: clients give up after 30."""


_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_AWAY = ("08", "53", "57P")
"""The beginnings of the codes that PostgreSQL gives for lost connections, too few resources and its own end."""
_DIALECT: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


def is_away(error: DBAPIError) -> bool:
    """Whether the database, and not the statement, is what failed."""
    code = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or code is None or code.startswith(_AWAY)


class Question:
    """A statement that reads and is asked so often that it goes to the driver as it is, put together once.

    That takes a tenth of the time. Values go by the names of its parameters.
    """

    def __init__(self, statement: Select[Any]) -> None:
        compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._constants = dict(compiled.params)

    def values(self, given: dict[str, Any]) -> list[Any]:
        """What its parameters are, in their order."""
        known = self._constants | given
        return [known[name] for name in self._names]


class Database:
    """An engine and its sessions. Every `session()` is one transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.url = engine.url.render_as_string(hide_password=False)
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._readers = async_sessionmaker(engine.execution_options(isolation_level="AUTOCOMMIT"))

    @classmethod
    def connect(cls, url: str, *, pool_size: int, trusted_seconds: float = TRUSTED_SECONDS) -> "Database":
        """Opens nothing yet: connections are made when they are first needed, and replaced when they are lost.

        One that was used less than `trusted_seconds` ago is taken to be there unless its socket is closed.
        """
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            connect_args={"timeout": 5, "server_settings": {"timezone": "UTC", "application_name": "storybook"}},
        )
        _replace_lost_connections(engine, trusted_seconds)
        return cls(engine)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """For statements that read, each for itself: no transaction is opened around them."""
        async with self._readers() as session:
            yield session

    async def ask(self, question: Question, **values: Any) -> list[asyncpg.Record]:
        """The rows of one statement, in no transaction."""
        connection = await self.engine.raw_connection()
        try:
            driver: asyncpg.Connection = connection.driver_connection
            rows: list[asyncpg.Record] = await driver.fetch(question.sql, *question.values(values))
        except _FAILURES as error:
            connection.invalidate()
            raise OperationalError(question.sql, None, error) from error
        except asyncio.CancelledError:
            connection.invalidate()
            raise
        finally:
            connection.close()
        return rows

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._sessions() as session, session.begin():
            yield session

    async def ping(self) -> None:
        """Raises when the database cannot answer."""
        async with self._sessions() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def _replace_lost_connections(engine: AsyncEngine, trusted_seconds: float) -> None:
    """A closed socket is seen at once; asking the server takes three round trips, so only the idle are asked."""
    dialect = engine.sync_engine.dialect

    def note_time(_: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    def check(connection: Any, record: Any, _: Any) -> None:
        idle = time.monotonic() - record.info.get("used", 0.0)
        if connection.driver_connection.is_closed() or (idle > trusted_seconds and not _answers(connection)):
            raise DisconnectionError

    def _answers(connection: Any) -> bool:
        try:
            return dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error:
            return False

    event.listen(engine.sync_engine, "connect", note_time)
    event.listen(engine.sync_engine, "checkin", note_time)
    event.listen(engine.sync_engine, "checkout", check)

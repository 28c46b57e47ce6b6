"""The connection to PostgreSQL. The only place that commits."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cached_property
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import ClauseElement, Dialect, event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler

from storybook.core import telemetry
from storybook.core.time_limits import LIMIT, UNLIMITED, Limits, at_most, limit_statements, of_reserve, server_settings

TRUSTED_SECONDS = 5.0
WAIT_SECONDS = 20.0
"""For a free connection: clients give up after 30."""
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.1
PING_SECONDS = 3.0
CLOSE_SECONDS = 1.0
_PASSING_STATES = ("08", "25006", "25P03", "40001", "40P01", "53", "55P03", "57014", "57P0")
"""Of an error: connections, a server that only reads, a transaction that was left open, a conflict with other work, no
room, a lock or a statement that took too long, a restart."""

T = TypeVar("T")

DRIVER_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_DIALECT: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


class Prepared:
    """A statement that is whole by itself, put together once; it goes to the driver as it is.

    For what is sent often: that takes a tenth of the time. Values go by the names of its parameters. It cannot hold
    anything whose SQL depends on values, such as `in_`.
    """

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only statements about rows can be prepared")
        self.sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._constants = dict(compiled.params)
        types = {name: parameter.type.dialect_impl(_DIALECT) for name, parameter in compiled.binds.items()}
        written = {name: kind.bind_processor(_DIALECT) for name, kind in types.items()}
        self._written = {name: write for name, write in written.items() if write}

    def values(self, given: dict[str, Any]) -> list[Any]:
        """What its parameters are, in their order and as the driver takes them."""
        known = self._constants | given
        return [self._written[name](known[name]) if name in self._written else known[name] for name in self._names]


def passes(error: BaseException) -> bool:
    """Whether the same may work in a while: the database is away or full, or other work stood in the way."""
    if isinstance(error, DBAPIError):
        if state := getattr(error.orig, "sqlstate", None):
            return str(state).startswith(_PASSING_STATES)
        causes = (error.orig, getattr(error.orig, "__cause__", None))
        if any(isinstance(cause, asyncpg.InternalClientError) for cause in causes):
            return True  # The server has hung up, and the driver is about to notice.
        refused_here = any(isinstance(cause, ValueError) for cause in causes)
        return isinstance(error, OperationalError | InterfaceError) and not refused_here
    return isinstance(error, OSError | NoConnectionFree)


async def patiently(work: Callable[[], Awaitable[T]], seconds: float = PATIENCE_SECONDS) -> T:
    """What the work returns, which may be done twice: it is tried for so many seconds while what stops it passes."""
    ends, pause = time.monotonic() + seconds, PAUSE_SECONDS
    while True:
        try:
            return await work()
        except (SQLAlchemyError, OSError) as error:
            if not passes(error) or time.monotonic() + pause > ends:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, 1.0)


class Database:
    """An engine and its sessions. Every `session()` is one transaction."""

    def __init__(self, engine: AsyncEngine, limits: Limits = UNLIMITED) -> None:
        """The limits are not for what is done with the engine itself, such as migrations."""
        self.engine = engine
        self.url = engine.url.render_as_string(hide_password=False)
        self._limits = limits
        writing = engine.execution_options(**{LIMIT: limits.in_transaction})
        self._sessions = async_sessionmaker(writing, expire_on_commit=False)
        reading = engine.execution_options(isolation_level="AUTOCOMMIT", **{LIMIT: limits.alone})
        self._readers = async_sessionmaker(reading)

    @classmethod
    def connect(
        cls, url: str, *, pool_size: int, trusted_seconds: float = TRUSTED_SECONDS, limits: Limits = UNLIMITED
    ) -> "Database":
        """Opens nothing yet: connections are made when they are first needed, and replaced when they are lost.

        One that was used less than `trusted_seconds` ago is taken to be there unless its socket is closed.
        """
        told = {"timezone": "UTC", "application_name": "storybook"}
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            pool_use_lifo=True,  # the one that was used last has its statements prepared
            connect_args={"timeout": 5, "server_settings": told | server_settings(limits)},
        )
        _replace_lost_connections(engine, trusted_seconds)
        limit_statements(engine)
        telemetry.watch(engine.sync_engine)
        return cls(engine, limits)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """For statements that read, each for itself: no transaction is opened around them."""
        with _said_by_the_database():
            async with self._readers() as session:
                yield session

    async def insist(self, statement: Prepared, **values: Any) -> list[asyncpg.Record]:
        """As `run`, for a statement that may be sent twice: tried again while the database is away."""
        return await patiently(lambda: self.run(statement, **values))

    async def run(self, statement: Prepared, **values: Any) -> list[asyncpg.Record]:
        """The rows of one statement, which is a transaction of its own."""
        connection = await self._connect(statement.sql)
        try:
            driver: asyncpg.Connection = connection.driver_connection
            with telemetry.asking(statement.sql), at_most(self._limits.alone, driver):
                rows: list[asyncpg.Record] = await driver.fetch(statement.sql, *statement.values(values))
        except (*DRIVER_FAILURES, OSError) as error:
            connection.invalidate()
            raise _translated(statement.sql, error) from error
        except asyncio.CancelledError:
            connection.invalidate()
            raise
        finally:
            connection.close()
        return rows

    async def _connect(self, sql: str) -> PoolProxiedConnection:
        """A connection of the pool; the driver's refusal is raised as SQLAlchemy says it, as for sessions."""
        dialect = self.engine.dialect
        base: type[Exception] = dialect.loaded_dbapi.Error
        try:
            return await self.engine.raw_connection()
        except base as error:
            raise DBAPIError.instance(sql, None, error, base, dialect=dialect) from error
        except OSError as error:
            raise OperationalError(sql, None, error) from error

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises. The block asks nobody else."""
        with _said_by_the_database():
            async with self._sessions() as session, session.begin():
                yield session

    async def ping(self) -> None:
        """Raises when the database cannot answer."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    @cached_property
    def reserve(self) -> "Database":
        """One connection more, for what must not wait until others are done; it is made when it is first needed."""
        return Database.connect(self.url, pool_size=1, limits=of_reserve(self._limits))

    async def close(self) -> None:
        """Leaves connections behind whose server does not answer for CLOSE_SECONDS."""
        if "reserve" in vars(self):
            await self.reserve.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.engine.dispose()


@contextmanager
def _said_by_the_database() -> Iterator[None]:
    """The driver lets failures of its socket through as they are, like those of anything else on this machine."""
    try:
        yield
    except OSError as error:
        raise OperationalError(None, None, error) from error


def _translated(sql: str, error: Exception) -> DBAPIError:
    """As SQLAlchemy says it."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return IntegrityError(sql, None, error)
    if isinstance(error, OSError | asyncpg.InterfaceError) and not isinstance(error, ValueError):
        return OperationalError(sql, None, error)
    failure = DBAPIError(sql, None, error)
    return OperationalError(sql, None, error) if passes(failure) else failure


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
            with at_most(PING_SECONDS, connection.driver_connection):
                return dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error:
            return False

    event.listen(engine.sync_engine, "connect", note_time)
    event.listen(engine.sync_engine, "checkin", note_time)
    event.listen(engine.sync_engine, "checkout", check)

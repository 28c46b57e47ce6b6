"""How long a statement, a lock and a transaction may take, as the client and as the server see to it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

LIMIT = "statement_seconds"
_WATCH = "watch"
_KEEPALIVES = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
"""After 25 seconds without a sign of the client's machine the server ends what it began for it."""


class Limits(NamedTuple):
    """In seconds, with all that is waited for; None is for ever.

    A statement that takes longer closes its connection, and whoever asked is told the same as when it is lost. The last
    three are the server's: they hold also where the client is dead or frozen, and keeps others waiting.
    """

    alone: float | None = None
    """Of a statement that is a transaction of its own."""
    in_transaction: float | None = None
    """Of one that may have to wait until others, who pay or order, are done; and of the end of the transaction."""
    left_open: float | None = None
    """Of a transaction in which nothing is said."""
    on_lock: float | None = None
    at_server: float | None = None
    """Of a statement, whatever has become of who asked."""


UNLIMITED = Limits()


def of_service(lease_seconds: float) -> Limits:
    """Clients give up after 30 seconds. Who asks is looked up alone, so a request hears soon of a database that hangs.

    A process that is frozen in a transaction lets go of a job's row before its lease is over.
    """
    return Limits(8.0, 25.0, left_open=min(10.0, lease_seconds / 2), on_lock=20.0, at_server=60.0)


def of_reserve(limits: Limits) -> Limits:
    """Of a connection that others wait for: it gives up soon, and whoever uses it tries again."""
    if limits == UNLIMITED:
        return limits
    return limits._replace(alone=5.0, in_transaction=5.0, on_lock=2.0)


def server_settings(limits: Limits) -> dict[str, str]:
    """What a connection tells the server when it begins."""
    timeouts = {
        "idle_in_transaction_session_timeout": limits.left_open,
        "lock_timeout": limits.on_lock,
        "statement_timeout": limits.at_server,
    }
    return _KEEPALIVES | {name: str(round(1000 * seconds)) for name, seconds in timeouts.items() if seconds is not None}


def _watch(seconds: float | None, driver: Any) -> asyncio.TimerHandle | None:
    """Cuts the connection after so many seconds without a word to the server, which may hang.

    The driver hears of it as of any lost connection. Its own `terminate` would break a statement between two messages.
    One that was lost meanwhile has no driver, and whoever uses it is told so.
    """
    if seconds is None or driver is None:
        return None
    return asyncio.get_running_loop().call_later(seconds, driver._transport.abort)  # noqa: SLF001


@contextmanager
def at_most(seconds: float | None, driver: Any) -> Iterator[None]:
    """The connection is closed where the block takes longer."""
    watch = _watch(seconds, driver)
    try:
        yield
    finally:
        if watch:
            watch.cancel()


def limit_statements(engine: AsyncEngine) -> None:
    """Of sessions: each statement has its time, and so has the end of the transaction, until the connection is back."""

    def start(connection: Connection) -> None:
        stop(connection.info)
        seconds = connection.get_execution_options().get(LIMIT)
        connection.info[_WATCH] = _watch(seconds, connection.connection.driver_connection)

    def stop(info: Any) -> None:
        if watch := info.pop(_WATCH, None):
            watch.cancel()

    def end(connection: Connection) -> None:
        if not (connection.closed or connection.invalidated):
            start(connection)

    sync = engine.sync_engine
    event.listen(sync, "before_cursor_execute", lambda connection, *_: start(connection))
    event.listen(sync, "after_cursor_execute", lambda connection, *_: stop(connection.info))
    event.listen(sync, "commit", end)
    event.listen(sync, "rollback", end)
    for gone in ("checkin", "invalidate", "close"):
        event.listen(sync, gone, lambda _, record, *__: stop(record.info))

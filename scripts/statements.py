"""Which statements go to the database: those of SQLAlchemy, and those that are given to the driver as they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from asyncpg.connection import LoggedQuery
from sqlalchemy import event

from storybook.core.database import Database

_OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK")


@contextmanager
def noting_statements(database: Database, note: Callable[[str], None]) -> Iterator[None]:
    """Calls `note` with each statement, in the context of whoever sent it, at the latest in the loop's next turn."""

    def see(*args: Any) -> None:
        note(args[2])

    def hear(query: LoggedQuery) -> None:
        if not query.query.startswith(_OF_TRANSACTIONS):
            note(query.query)

    def listen(connection: Any, *_: Any) -> None:
        connection.driver_connection.add_query_logger(hear)

    def leave(connection: Any, *_: Any) -> None:
        if connection is not None:
            connection.driver_connection.remove_query_logger(hear)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", see)
    event.listen(engine, "checkout", listen)
    event.listen(engine, "checkin", leave)
    yield
    event.remove(engine, "before_cursor_execute", see)
    event.remove(engine, "checkout", listen)
    event.remove(engine, "checkin", leave)

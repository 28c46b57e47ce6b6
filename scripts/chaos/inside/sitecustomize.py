"""Python reads this first in each process of the product that the bench starts.

Every statement tells the database, as a comment, which process sends it and for which claim of which job. A runner says
that once, for its logs, when it begins on a job; what guards a job against stale writes never looks at it.
"""

import os
from typing import Any

import asyncpg
from sqlalchemy import Engine, event
from structlog.contextvars import get_contextvars

fetch = asyncpg.Connection.fetch


def signed(sql: str) -> str:
    known = get_contextvars()
    if "fence" not in known:
        return sql
    if os.environ.get("CHAOS_BREAK") == "guard":
        sql = sql.replace("jobs.fence = ", "jobs.fence >= ")
    return f"/* by {os.getpid()} for {known['job_id']} under {known['fence']} */ {sql}"


async def signed_fetch(connection: Any, sql: str, *values: Any, **how: Any) -> Any:
    """Of what goes to the driver as it is."""
    return await fetch(connection, signed(sql), *values, **how)


def sign(_: Any, __: Any, sql: str, values: Any, *___: Any) -> tuple[str, Any]:
    """Of what SQLAlchemy sends."""
    return signed(sql), values


asyncpg.Connection.fetch = signed_fetch
event.listen(Engine, "before_cursor_execute", sign, retval=True)

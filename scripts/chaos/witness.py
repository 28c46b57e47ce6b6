"""The bench's own look into the database: who writes what, who waits where, what was under way."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import asyncpg

from scripts.chaos.facts import Thing
from storybook.domain.jobs import MAX_RECOVERIES

SQL = Path(__file__).with_name("witness.sql")
CLASS = 7000
LOOK_SECONDS = 0.01
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Wanted(NamedTuple):
    """A row that becomes like `becomes`, or `gets` a value, by an INSERT or UPDATE of a table; before or after it."""

    relation: str
    op: str
    moment: str
    becomes: dict[str, Any]
    gets: str | None = None
    book: int = 0


class Caught(NamedTuple):
    """A server process of the database that waits, and the role whose client it serves."""

    backend: int
    role: str


class Witness:
    """Asks through connections of its own, made anew when the database was away."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._where = {"host": parse_qs(parts.query)["host"][0], "user": parts.username, "database": parts.path[1:]}
        self._pool: asyncpg.Pool | None = None
        self._traps = itertools.count(1)
        self.numbers: dict[str, int] = {}
        """The numbers of the books by their jobs."""

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(min_size=0, max_size=4, **self._where)

    async def close(self) -> None:
        if self._pool:
            self._pool.terminate()

    async def ask(self, sql: str, *values: Any) -> list[Any]:
        """Until the database answers."""
        for _ in range(600):
            try:
                if self._pool is None:
                    await self.open()
                return list(await self._pool.fetch(sql, *values))  # type: ignore[union-attr]
            except AWAY as error:
                if isinstance(error, asyncpg.PostgresError) and not str(error.sqlstate).startswith(("57", "08", "53")):
                    raise
                await asyncio.sleep(0.1)
        raise TimeoutError("the database does not come back")

    async def tell(self, script: str) -> None:
        """Statements that answer nothing."""
        connection = await asyncpg.connect(**self._where)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    @asynccontextmanager
    async def trap(self, wanted: Wanted) -> AsyncIterator["Trap"]:
        """Whoever makes such a change waits until the block ends."""
        connection = await asyncpg.connect(**self._where)
        trap = Trap(self, next(self._traps), connection)
        try:
            await connection.execute("SELECT pg_advisory_lock($1, $2)", CLASS, trap.number)
            values = (wanted.relation, wanted.op, wanted.moment, json.dumps(wanted.becomes), wanted.gets, wanted.book)
            await self.ask("INSERT INTO chaos.traps VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)", trap.number, *values)
            yield trap
        finally:
            await trap.let_go()

    async def under_way(self, pid: int) -> list[Thing]:
        """What a runner in this process was paying for, or had paid for and not stored yet."""
        rows = await self.ask(
            "SELECT calls.job_id, step, page FROM provider_calls AS calls"
            " JOIN jobs ON jobs.id = calls.job_id"
            " WHERE outcome IN ('begun', 'ok') AND calls.fence = jobs.fence AND jobs.status = 'running'"
            " AND split_part(jobs.lease_owner, ':', 2) = $1 AND NOT EXISTS (SELECT FROM step_artifacts AS made"
            " WHERE made.job_id = calls.job_id AND made.step = calls.step"
            " AND made.page_number = CASE calls.step WHEN 'generate_story' THEN -2 ELSE calls.page END)",
            str(pid),
        )
        return [Thing(self.numbers.get(row["job_id"], 0), row["step"], row["page"]) for row in rows]

    async def is_worn(self, *pids: int) -> bool:
        """Whether one of these processes holds a job that the product would give up if it were taken over once more."""
        sql = (
            "SELECT FROM jobs WHERE status = 'running' AND recoveries >= $1"
            " AND split_part(lease_owner, ':', 2) = ANY($2)"
        )
        return bool(await self.ask(sql, MAX_RECOVERIES - 1, [str(pid) for pid in pids]))

    async def holding(self, pid: int) -> dict[str, int]:
        """The fences of the jobs that a runner in this process holds, by job."""
        sql = "SELECT id, fence FROM jobs WHERE status = 'running' AND split_part(lease_owner, ':', 2) = $1"
        return {row["id"]: row["fence"] for row in await self.ask(sql, str(pid))}


class Trap:
    def __init__(self, witness: Witness, number: int, connection: asyncpg.Connection) -> None:
        self._witness = witness
        self._connection = connection
        self.number = number

    async def let_go(self) -> None:
        """What waits goes on, and nobody waits here any more."""
        await self._witness.ask("DELETE FROM chaos.traps WHERE id = $1", self.number)
        await self._connection.close()

    async def caught(self, seconds: float) -> Caught:
        """Who waits in it; TimeoutError when nobody comes."""
        async with asyncio.timeout(seconds):
            while True:
                rows = await self._witness.ask(
                    "SELECT waiting.pid, usename FROM pg_locks AS waiting JOIN pg_stat_activity USING (pid)"
                    " WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND NOT granted",
                    CLASS,
                    self.number,
                )
                if rows:
                    return Caught(rows[0]["pid"], rows[0]["usename"])
                await asyncio.sleep(LOOK_SECONDS)

    async def undo(self, caught: Caught) -> None:
        """What waits is rolled back, and nobody waits here any more."""
        await self._witness.ask("SELECT pg_terminate_backend($1)", caught.backend)
        await self.let_go()

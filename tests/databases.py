"""Databases of one test process: cloned from a template, and emptied for the next test where that is possible."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import make_url

from storybook.core.embedded_postgres import EmbeddedPostgres

MOST_BYTES = 2_000_000
"""A table that grew beyond this is dropped with its database: emptied, it would be slow for whoever comes next."""
_SHAPE = """
    SELECT sum(entries), max(newest), (SELECT max(version_num) FROM alembic_version) FROM (
        SELECT count(*) AS entries, max(xmin::text::bigint) AS newest FROM pg_class
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_attribute
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_constraint
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_trigger
        UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_proc
    ) AS catalogues
"""
_OTHERS_END = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
)
_LARGEST = "SELECT max(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_EMPTY = """
DO $$
DECLARE
    named regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR named IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        IF named <> 'alembic_version'::regclass THEN
            EXECUTE format('DELETE FROM %s', named);
        END IF;
    END LOOP;
    FOR named IN SELECT format('%I.%I', schemaname, sequencename)::regclass FROM pg_sequences WHERE last_value > 0 LOOP
        PERFORM setval(named, 1, false);
    END LOOP;
END $$
"""


class Databases:
    """Lends each test a database with all tables and no rows, whose commits and connections are real."""

    def __init__(self, server: EmbeddedPostgres, template: str) -> None:
        self._server = server
        self._template = template
        self._shape: Any = None
        self._free: list[str] = []

    async def lend(self) -> str:
        if self._free:
            return self._free.pop()
        name = f"test_{secrets.token_hex(6)}"
        async with self._connected("postgres") as connection:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy")
        if self._shape is None:
            async with self._connected(name) as connection:
                self._shape = await connection.fetchrow(_SHAPE)
        return name

    async def take_back(self, name: str) -> None:
        """Empties it and ends who is still connected; what has other tables by now, or large ones, is dropped."""
        async with self._connected(name) as connection:
            await connection.execute(_OTHERS_END, name)
            if await connection.fetchrow(_SHAPE) == self._shape and await connection.fetchval(_LARGEST) < MOST_BYTES:
                await connection.execute(_EMPTY)
                self._free.append(name)
                return
        async with self._connected("postgres") as connection:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def address(self, name: str) -> str:
        return self._server.url.replace("/postgres?", f"/{name}?")

    @asynccontextmanager
    async def _connected(self, name: str) -> AsyncIterator[asyncpg.Connection]:
        url = make_url(self.address(name))
        connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
        try:
            yield connection
        finally:
            await connection.close()

"""Databases of one test process: cloned from a template, and emptied for the next test where that is possible."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy import make_url

from storybook.core.embedded_postgres import EmbeddedPostgres

MOST_BYTES = 2_000_000
"""A table that grew beyond this is dropped with its database: emptied, it would be slow for whoever comes next."""
_SHAPE = """
    SELECT sum(entries), max(newest), (SELECT string_agg(xmin::text, ' ') FROM alembic_version) FROM (
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


def address_of(server: EmbeddedPostgres, name: str) -> str:
    return server.url.replace("/postgres?", f"/{name}?")


async def make(server: EmbeddedPostgres, template: str = "") -> str:
    """The name of a new database: a copy of the template, or one without any table."""
    name = f"test_{secrets.token_hex(6)}"
    copied = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
    async with _connected(server.url) as connection:
        await connection.execute(f"CREATE DATABASE {name}{copied}")
    return name


async def drop(server: EmbeddedPostgres, name: str) -> None:
    async with _connected(server.url) as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    try:
        yield connection
    finally:
        await connection.close()


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
        name = await make(self._server, self._template)
        if self._shape is None:
            async with _connected(address_of(self._server, name)) as connection:
                self._shape = await connection.fetchrow(_SHAPE)
        return name

    async def take_back(self, name: str) -> None:
        """Empties it and ends who is still connected; what has other tables by now, or large ones, is dropped."""
        async with _connected(address_of(self._server, name)) as connection:
            await connection.execute(_OTHERS_END, name)
            with suppress(asyncpg.UndefinedTableError):
                as_it_was = await connection.fetchrow(_SHAPE) == self._shape
                if as_it_was and await connection.fetchval(_LARGEST) < MOST_BYTES:
                    await connection.execute(_EMPTY)
                    self._free.append(name)
                    return
        await drop(self._server, name)

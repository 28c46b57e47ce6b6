"""The tables of a service, into a file of pg_dump and back, proven to be the same. See archive.py."""

import asyncio
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storybook.core.database import Database
from storybook.core.postgres_programs import server_bin

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
NEEDED = (
    "SELECT key FROM (SELECT unnest(ARRAY[cover_key, pdf_key, audio_key]) FROM books "
    "UNION SELECT unnest(ARRAY[image_key, audio_key]) FROM pages) AS needed (key) WHERE key IS NOT NULL"
)
# As it was made; pg_dump otherwise takes a schema that was made anew for one of ours.
EMPTY = (
    "DROP SCHEMA public CASCADE; CREATE SCHEMA public; ALTER SCHEMA public OWNER TO pg_database_owner; "
    "GRANT USAGE ON SCHEMA public TO PUBLIC;\n"
)
# What pg_restore of our version asks of every server, and servers before 17 do not know.
TOO_NEW = b"SET transaction_timeout"


class Refused(Exception):
    """It was not done; the sentence says why, and what to do."""


class Rows(NamedTuple):
    number: int
    sha256: str


async def fingerprints(connection: AsyncConnection) -> dict[str, Rows]:
    """The rows of every table, counted and hashed whatever their order."""
    found = {}
    for table in (await connection.execute(text(TABLES))).scalars().all():
        each = f"SELECT sha256(convert_to(t::text, 'UTF8'))::text AS h FROM public.\"{table}\" t"  # noqa: S608 - its own names
        whole = "SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(h, '' ORDER BY h), ''), 'UTF8')), 'hex')"
        number, sha256 = (await connection.execute(text(f"{whole} FROM ({each}) AS hashed"))).one()
        found[table] = Rows(number, sha256)
    return found


def program(name: str, database: Database, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """A PostgreSQL program, told where the database is; the password is not for others to read."""
    url = make_url(database.url)
    address = url.set(drivername="postgresql", password=None).render_as_string().replace("ssl=", "sslmode=")
    surroundings = {"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": str(url.password or "")}
    return [str(server_bin(name)), *arguments, f"--dbname={address}"], surroundings


class Dumped(NamedTuple):
    """What the tables hold, and the keys of the files that books need."""

    tables: dict[str, Rows]
    needed: set[str]


async def dump(database: Database, to: Path) -> Dumped:
    """Writes the tables as they are at one moment, and returns what they hold at that moment."""
    async with database.engine.connect() as connection:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        moment = (await connection.execute(text("SELECT pg_export_snapshot()"))).scalar_one()
        how = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={moment}", f"--file={to}")
        command, surroundings = program("pg_dump", database, *how)
        await asyncio.to_thread(_run, command, surroundings)
        tables = await fingerprints(connection)
        has_books = {"books", "pages"} <= tables.keys()
        needed = set((await connection.execute(text(NEEDED))).scalars().all()) if has_books else set()
        return Dumped(tables, needed)


def _run(command: list[str], surroundings: dict[str, str]) -> None:
    done = subprocess.run(command, env=surroundings, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Refused(f"{Path(command[0]).name} could not do it: {said[0] if said else done.returncode}")


async def load(database: Database, dumped: Path) -> None:
    """Puts the dumped tables in place of all that are there, or changes nothing."""
    how = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    await asyncio.to_thread(_pour, dumped, *program("psql", database, *how))


def _pour(dumped: Path, psql: list[str], surroundings: dict[str, str]) -> None:
    """From pg_restore into psql, line by line, so that the database may be larger than the memory."""
    pg_restore = [str(server_bin("pg_restore")), "--no-owner", "--no-privileges", "--file=-", str(dumped)]
    with (
        subprocess.Popen(pg_restore, env={"LC_ALL": "C"}, stdout=subprocess.PIPE) as source,  # noqa: S603
        subprocess.Popen(psql, env=surroundings, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as target,  # noqa: S603
    ):
        if source.stdout is None or target.stdin is None or target.stderr is None:
            raise Refused("There are no pipes.")
        with suppress(BrokenPipeError):
            target.stdin.write(EMPTY.encode())
            target.stdin.writelines(_understood(source.stdout))
            if source.wait():
                target.kill()
            target.stdin.close()
        said = target.stderr.read().decode(errors="replace").strip().splitlines()
    if source.returncode or target.returncode:
        raise Refused(f"The tables could not be restored: {said[0] if said else 'the dump cannot be read'}")


def _understood(script: Iterable[bytes]) -> Iterator[bytes]:
    """The script without the one line that only new servers know; it comes before all data."""
    known = False
    for line in script:
        if known or not line.startswith(TOO_NEW):
            yield line
        else:
            known = True

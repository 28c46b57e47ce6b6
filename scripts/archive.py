"""Saves everything that a service keeps in a folder, and brings it back. See scripts/backup.sh and scripts/restore.sh.

FOLDER/manifest.json   what was saved, from which version, with the number and a hash of the rows of each table
FOLDER/database.dump   all tables, in the custom format of pg_dump
FOLDER/files/          every stored file under its key
FOLDER/secrets/        the pepper and the secret of tokens, without which nobody could sign in again
FOLDER/SHA256SUMS      of all of these; `sha256sum --check` reads it
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from archive_tables import Refused, dump, fingerprints, load
from sqlalchemy import text

from storybook import __version__
from storybook.core.configuration import load_settings
from storybook.core.database import Database
from storybook.core.errors import ObjectMissing, StorybookError
from storybook.core.settings import Settings
from storybook.resources import make_storage, open_database
from storybook.storage.base import media_type_of

SECRETS = ("user_key_pepper", "access_token_secret", "user_key")
SUMS = "SHA256SUMS"


def stored_keys(settings: Settings) -> Iterator[str]:
    """The key of every stored file."""
    if settings.s3_bucket:
        client = _s3(settings)
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=settings.s3_bucket):
            yield from (found["Key"] for found in page.get("Contents", []))
        return
    root = settings.storybook_data_dir / "assets"
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(root).as_posix()


def _s3(settings: Settings) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint or None,
        aws_access_key_id=settings.s3_access_key.get_secret_value() or None,
        aws_secret_access_key=settings.s3_secret_key.get_secret_value() or None,
        region_name=settings.s3_region,
    )


def pepper_mark(settings: Settings, machine: Path) -> str:
    """Tells two peppers apart and tells nothing of them; empty where none was made yet."""
    pepper = settings.user_key_pepper.get_secret_value()
    if not pepper and (machine / SECRETS[0]).exists():
        pepper = (machine / SECRETS[0]).read_text()
    return hmac.new(pepper.encode(), b"which pepper", hashlib.sha256).hexdigest() if pepper else ""


async def backup(settings: Settings, folder: Path) -> str:
    """Saves into the folder, which must not be there yet; it gets its name once all is in it."""
    unfinished = _begin(folder)
    try:
        said = await _fill(settings, unfinished)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return f"{said} in {folder}."


async def _fill(settings: Settings, unfinished: Path) -> str:
    # The rows first: each file was stored before its row, and never changes.
    async with open_database(settings, must_be_current=False, as_guest=True) as database:
        tables, needed = await dump(database, unfinished / "database.dump")
    saved = await _save_files(settings, unfinished / "files")
    missing = sorted(needed - saved)
    _copy_secrets(settings.storybook_data_dir, unfinished / "secrets")
    _write_secrets(_given_secrets(settings), unfinished / "secrets")
    manifest = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "storybook": __version__,
        "pepper": pepper_mark(settings, settings.storybook_data_dir),
        "files": len(saved),
        "missing": missing,
        "tables": {name: rows._asdict() for name, rows in tables.items()},
    }
    (unfinished / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    sums = [f"{_sha256(path)}  {path.relative_to(unfinished).as_posix()}\n" for path in _contents(unfinished)]
    (unfinished / SUMS).write_text("".join(sums))
    without = (
        f", without {len(missing)} that were deleted meanwhile or lost (manifest.json names them)," if missing else ""
    )
    return f"Saved {sum(rows.number for rows in tables.values())} rows and {len(saved)} files{without}"


def _begin(folder: Path) -> Path:
    """A new private folder beside it, with what every archive has."""
    if folder.exists():
        raise Refused(f"{folder} is there already. Please name a new folder.")
    unfinished = folder.with_name(f"{folder.name}.unfinished-{os.getpid()}")
    unfinished.mkdir(mode=0o700, parents=True)
    (unfinished / "files").mkdir()
    return unfinished


async def _save_files(settings: Settings, to: Path) -> set[str]:
    """The keys of what was saved. What is deleted after it was listed is left out."""
    storage, saved = make_storage(settings), set()
    for key in stored_keys(settings):
        if key.startswith("check/"):
            continue
        with suppress(ObjectMissing):
            data = (await storage.get(key)).data
            (to / key).parent.mkdir(parents=True, exist_ok=True)
            (to / key).write_bytes(data)
            saved.add(key)
    await storage.close()
    return saved


def _given_secrets(settings: Settings) -> dict[str, str]:
    """Those of them that the settings name, which count before the machine's own."""
    given = {"user_key_pepper": settings.user_key_pepper, "access_token_secret": settings.access_token_secret}
    return {name: secret.get_secret_value() for name, secret in given.items() if secret.get_secret_value()}


def _copy_secrets(machine: Path, to: Path) -> None:
    _write_secrets({name: (machine / name).read_text() for name in SECRETS if (machine / name).exists()}, to)


def _write_secrets(secrets: dict[str, str], to: Path) -> None:
    to.mkdir(mode=0o700, exist_ok=True)
    for name, secret in secrets.items():
        descriptor = os.open(to / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secret)


def _contents(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_whole(folder: Path) -> dict[str, Any]:
    """The manifest of an archive in which nothing is missing, changed or added."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"{folder} is no whole backup: {error}.") from error
    named = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}
    there = {path.relative_to(folder).as_posix(): path for path in _contents(folder)}
    wrong = [
        name for name in named.keys() | there.keys() if name not in there or named.get(name) != _sha256(there[name])
    ]
    if wrong:
        raise Refused(f"{folder} is damaged: {len(wrong)} files are missing, changed or added, such as {min(wrong)}.")
    return manifest


async def restore(settings: Settings, folder: Path, *, replace: bool) -> str:
    """Brings everything back; Refused, with nothing changed, where something stands in the way."""
    manifest = require_whole(folder)
    machine = settings.storybook_data_dir
    if settings.user_key_pepper.get_secret_value() and pepper_mark(settings, machine) != manifest["pepper"]:
        raise Refused("USER_KEY_PEPPER is not the one of the backup: nobody could sign in. Set the one of then.")
    if not replace and next((key for key in stored_keys(settings) if not key.startswith("check/")), None):
        raise Refused("There are files in the storage. To put the backup in their place, say --replace.")
    async with open_database(settings, must_be_current=False) as database:
        await _require_free(database, replace=replace)
        # First what is done whole or not at all: a file that is replaced is gone.
        await load(database, folder / "database.dump")
        machine.mkdir(parents=True, exist_ok=True)
        _copy_secrets(folder / "secrets", machine)
        files = await _load_files(settings, folder / "files")
        async with database.engine.connect() as connection:
            rows = {name: rows._asdict() for name, rows in (await fingerprints(connection)).items()}
    if different := [name for name in rows | manifest["tables"] if rows.get(name) != manifest["tables"].get(name)]:
        raise Refused(f"The rows of {', '.join(different)} are not what they were.")
    count = sum(table["number"] for table in rows.values())
    return f"Restored {count} rows of {len(rows)} tables and {files} files, all as they were. Now: storybook migrate"


async def _require_free(database: Database, *, replace: bool) -> None:
    """Nobody else uses the database, and nothing is in it that would be lost."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    async with database.engine.connect() as connection:
        if (await connection.execute(text(f"{others} AND backend_type = 'client backend'"))).scalar_one():
            raise Refused("The service, or somebody else, uses the database. Please stop it first.")
        full = [
            name for name, rows in (await fingerprints(connection)).items() if rows.number and name not in _OF_A_NEW_ONE
        ]
    if full and not replace:
        raise Refused(f"There are rows in {', '.join(full)}. To put the backup in their place, say --replace.")


_OF_A_NEW_ONE = {"alembic_version"}


async def _load_files(settings: Settings, saved: Path) -> int:
    storage = make_storage(settings)
    await storage.check()
    keys = [path.relative_to(saved).as_posix() for path in _contents(saved)]
    for key in keys:
        await storage.put(key, (saved / key).read_bytes(), media_type_of(key))
        if (await storage.get(key)).data != (saved / key).read_bytes():
            raise Refused(f"The file {key} is not what it was.")
    for key in sorted(set(stored_keys(settings)) - set(keys)):
        await storage.delete(key)
    await storage.close()
    return len(keys)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="archive.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("backup").add_argument("folder", type=Path)
    bring_back = commands.add_parser("restore")
    bring_back.add_argument("folder", type=Path)
    bring_back.add_argument("--replace", action="store_true", help="even where there are rows or files")
    arguments = parser.parse_args()
    os.umask(0o077)  # names of children are in the rows and in the files
    work: Callable[[Settings], Any] = (
        (lambda settings: backup(settings, arguments.folder.resolve()))
        if arguments.command == "backup"
        else (lambda settings: restore(settings, arguments.folder.resolve(), replace=arguments.replace))
    )
    try:
        print(asyncio.run(work(load_settings())))
    except (Refused, StorybookError, OSError) as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

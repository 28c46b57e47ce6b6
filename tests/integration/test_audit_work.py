"""The auditor beside the ledger: work that does not end, money set aside for nothing, and files of nobody."""

import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storybook.core.database import Database
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import Lane
from storybook.main import make_kit
from storybook.pipeline.holder import LeaseHolder
from storybook.resources import Resources
from storybook.services import accounts, audit_work, files, orders, periodic
from storybook.services.editions import pdf_of
from storybook.storage.base import Storage
from storybook.storage.files import LEFT_BEHIND_SECONDS, NAMED_AFTER_SECONDS, FileStorage
from tests.conftest import ROOMY
from tests.fixtures_s3 import S3Server, s3_server

__all__ = ["s3_server"]

SPEC = BookSpec(topic="a fox and a light", target_age="5-7", style="watercolor", language="en", page_count=4)
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


async def made(resources: Resources, *, only_ordered: bool = False) -> str:
    """The user of a book that is on the shelf."""
    async with resources.database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="pepper"))
        await orders.order_book(session, user_id, SPEC, ROOMY)
    if not only_ordered:
        holder = LeaseHolder(make_kit(resources), resources.settings)
        claim = await holder.claim(Lane.BOOKS)
        assert claim
        await holder.work(claim)
    return user_id


async def ownerless(database: Database, storage: Storage) -> list[str]:
    return [finding.row async for finding in audit_work.files_of_nobody(database, storage)]


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        ("lease", "UPDATE jobs SET status = 'running', lease_until = now() - interval '61 seconds'"),
        ("end", "UPDATE jobs SET created_at = now() - interval '25 hours'"),
        ("time of its end", "UPDATE jobs SET status = 'failed', error_code = 'UNKNOWN'"),
        (
            "reservation",
            "INSERT INTO job_budgets (job_id, user_id, day, reserved) VALUES ('job_gone', 'user_gone', now(), 9)",
        ),
        ("removal", "INSERT INTO discarded_files (key, due_at) VALUES ('books/x/', now() - interval '61 minutes')"),
    ],
)
async def test_work_that_does_not_end_is_named(resources: Resources, check: str, broken: str) -> None:
    await made(resources, only_ordered=True)
    assert await audit_work.work_without_end(resources.database) == []
    async with resources.database.session() as session:
        await session.execute(text(broken))
    assert [found.check for found in await audit_work.work_without_end(resources.database)] == [check]


async def test_the_photo_of_a_job_that_has_ended_is_named(resources: Resources) -> None:
    await made(resources)
    assert await audit_work.work_without_end(resources.database) == []
    async with resources.database.session() as session:
        await session.execute(text("INSERT INTO job_photos (job_id, photo) SELECT id, 'x' FROM jobs"))
    assert [found.check for found in await audit_work.work_without_end(resources.database)] == ["photo"]


async def test_a_book_that_failed_owns_no_file(resources: Resources, rows: Rows) -> None:
    await made(resources)
    stored = await resources.storage.keys()
    await rows("DELETE FROM books RETURNING 1")
    assert await ownerless(resources.database, resources.storage) == []
    await rows("UPDATE jobs SET status = 'failed', error_code = 'UNKNOWN' RETURNING 1")
    assert await ownerless(resources.database, resources.storage) == [f"file {key}" for key in stored]


async def test_files_belong_to_a_book_a_job_or_their_removal_or_are_named(
    resources: Resources, rows: Rows, tmp_path: Path
) -> None:
    user_id = await made(resources)
    [(book_id, key)] = await rows("SELECT id, cover_key FROM books")
    storage, database = resources.storage, resources.database
    await pdf_of(database, storage, resources.cpu, user_id, book_id)
    assert await rows("SELECT count(*) FROM discarded_files") == [(0,)]
    assert await ownerless(database, storage) == []
    folder = str(key).rpartition("/")[0]
    await files.announce(database, f"{folder}/announced.pdf")
    for name in ("announced.pdf", "lost.pdf", "lost.png"):
        await storage.put(f"{folder}/{name}", b"x", "application/pdf" if "pdf" in name else "image/png")
    await storage.put("books/of-nobody/a.png", b"x", "image/png")
    assert await ownerless(database, storage) == [
        f"file {where}" for where in sorted([f"{folder}/lost.pdf", f"{folder}/lost.png", "books/of-nobody/a.png"])
    ]


async def test_a_file_that_its_process_died_over_goes_by_itself(resources: Resources, rows: Rows) -> None:
    storage, database = resources.storage, resources.database
    await files.announce(database, "books/x/book-0.pdf")
    await storage.put("books/x/book-0.pdf", b"x", "application/pdf")
    await files.remove_discarded(database, storage)
    assert (await storage.get("books/x/book-0.pdf")).data == b"x"
    await rows("UPDATE discarded_files SET due_at = now() RETURNING key")
    await files.remove_discarded(database, storage)
    assert await storage.keys() == []
    assert not (resources.settings.storybook_data_dir / "assets" / "books" / "x").exists()


def left_behind(resources: Resources, name: str, *, seconds_ago: float) -> Path:
    """A file as a write leaves it that is killed."""
    left = resources.settings.storybook_data_dir / "assets" / name
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half")
    then = time.time() - seconds_ago
    os.utime(left, (then, then))
    return left


async def test_what_killed_writes_left_behind_is_removed_once_it_is_old(resources: Resources) -> None:
    storage = resources.storage
    await storage.put("books/x/a.png", b"x", "image/png")
    old = [
        left_behind(resources, f"{folder}.unfinished-abc", seconds_ago=LEFT_BEHIND_SECONDS + 1)
        for folder in ("", "books/x/", "books/y/")
    ]
    young = left_behind(resources, "books/x/.unfinished-def", seconds_ago=LEFT_BEHIND_SECONDS - 60)
    for work in periodic.usual(resources.database, storage, resources.stores, 1):
        await work.do()
    assert not any(path.exists() for path in old)
    assert not old[-1].parent.exists()
    assert young.exists()
    assert await storage.keys() == ["books/x/a.png"]


async def test_what_a_killed_write_left_behind_and_nobody_removed_is_named(resources: Resources) -> None:
    storage, database = resources.storage, resources.database
    await storage.put("books/x/a.png", b"x", "image/png")
    left_behind(resources, "books/x/.unfinished-def", seconds_ago=LEFT_BEHIND_SECONDS + 1)
    assert await storage.keys() == ["books/x/a.png"]
    left_behind(resources, "books/x/.unfinished-abc", seconds_ago=NAMED_AFTER_SECONDS + 1)
    assert await ownerless(database, storage) == ["file books/x/.unfinished-abc", "file books/x/a.png"]


async def test_keys_are_listed_a_page_at_a_time_in_their_order(tmp_path: Path, s3_server: S3Server) -> None:
    bucket = s3_server.bucket_name()
    remote = s3_server.storage(bucket)
    await remote.check()
    keys = sorted(f"books/{folder}/{number:04}.png" for folder in ("a", "a-b", "a.b", "ab") for number in range(400))
    s3_server.fill(bucket, keys)
    local = FileStorage(tmp_path, "")
    for key in keys:
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1")
    for storage in (remote, local):
        listed: list[str] = []
        while page := await storage.keys(listed[-1] if listed else ""):
            listed += page
        assert listed == keys
    await remote.close()

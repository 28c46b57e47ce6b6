"""One contract for every storage: files in a folder served over HTTP, and a bucket on a real S3 server."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from storybook.core.errors import ObjectMissing, StorageError
from storybook.storage.base import Storage, StoredObject
from storybook.storage.files import FileStorage
from tests.fixtures_http import Folder, serving
from tests.fixtures_s3 import S3Server, s3_server

__all__ = ["s3_server"]  # a fixture

JPEG = "image/jpeg"


@pytest.fixture
def folder_url(tmp_path: Path) -> Iterator[str]:
    """Serves the storage's folder below /assets, as the service does."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "assets").symlink_to(tmp_path / "assets")
    with serving(partial(Folder, directory=str(tmp_path / "served"))) as url:
        yield url


@pytest.fixture(params=["files", "s3"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    storage: Storage
    if request.param == "files":
        storage = FileStorage(tmp_path / "assets", request.getfixturevalue("folder_url"))
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        storage = server.storage(server.bucket_name())
    yield storage
    await storage.close()


async def test_what_was_put_is_got(storage: Storage) -> None:
    every_byte = bytes(range(256)) * 100
    await storage.put("books/a/page-1.jpg", every_byte, JPEG)
    await storage.put("books/a/book.pdf", b"", "application/pdf")
    assert await storage.get("books/a/page-1.jpg") == StoredObject(every_byte, JPEG)
    assert await storage.get("books/a/book.pdf") == StoredObject(b"", "application/pdf")


async def test_a_repeat_is_fine_and_the_last_put_counts(storage: Storage) -> None:
    for data in (b"same", b"same", b"other"):
        await storage.put("a.jpg", data, JPEG)
    assert (await storage.get("a.jpg")).data == b"other"


async def test_what_is_not_there_is_missing(storage: Storage) -> None:
    with pytest.raises(ObjectMissing):
        await storage.get("books/a/none.jpg")
    await storage.put("books/a/page.jpg", b"1", JPEG)
    for key in ("books/a/none.jpg", "books/a/page.jpg/none.jpg", "none/page.jpg"):
        with pytest.raises(ObjectMissing):
            await storage.get(key)


async def test_a_prefix_is_deleted_and_nothing_beside_it(storage: Storage) -> None:
    for key in ("books/a/1.jpg", "books/a/deep/2.jpg", "books/ab/3.jpg", "books/a.jpg"):
        await storage.put(key, b"1", JPEG)
    assert await storage.delete_prefix("books/a") == 2
    assert await storage.delete_prefix("books/a/") == 0
    for key in ("books/a/1.jpg", "books/a/deep/2.jpg"):
        with pytest.raises(ObjectMissing):
            await storage.get(key)
    for key in ("books/ab/3.jpg", "books/a.jpg"):
        assert (await storage.get(key)).data == b"1"


async def test_deleting_from_an_empty_storage_is_fine(storage: Storage) -> None:
    assert await storage.delete_prefix("books/none") == 0


async def test_anybody_can_read_by_url_without_headers(storage: Storage) -> None:
    await storage.put("books/a/page.jpg", b"picture", JPEG)
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(storage.url("books/a/page.jpg"))
        missing = await browser.get(storage.url("books/a/none.jpg"))
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"picture", JPEG)
    assert missing.status_code in {403, 404}


async def test_readers_never_see_a_torn_object(storage: Storage) -> None:
    versions = {bytes([n]) * 300_000 for n in range(6)}
    await storage.put("a.jpg", next(iter(versions)), JPEG)
    writers = [storage.put("a.jpg", data, JPEG) for data in versions for _ in range(3)]
    readers = [storage.get("a.jpg") for _ in range(18)]
    pairs = [work for pair in zip(writers, readers, strict=True) for work in pair]
    ended = await asyncio.gather(*pairs, return_exceptions=True)  # moto loses a write when many come at once
    seen = [found.data for found in ended if isinstance(found, StoredObject)]
    assert len(seen) == 18
    assert set(seen) <= versions


@pytest.mark.parametrize(
    "key", ["../a.jpg", "/etc/a.jpg", "books//a.jpg", "books/./a.jpg", "", "a b.jpg", "ä.jpg", "a\n.jpg"]
)
async def test_keys_that_try_to_escape_are_refused(storage: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        await storage.put(key, b"1", JPEG)
    with pytest.raises(ValueError, match="key"):
        await storage.get(key)
    with pytest.raises(ValueError, match="key"):
        storage.url(key)
    with pytest.raises(ValueError, match="key"):
        await storage.delete_prefix(key.removesuffix(".jpg") + "/..")


async def test_the_ending_and_the_media_type_belong_together(storage: Storage) -> None:
    with pytest.raises(ValueError, match="image/png"):
        await storage.put("a.jpg", b"1", "image/png")
    with pytest.raises(ValueError, match="ending"):
        await storage.put("a.html", b"1", "text/html")


async def test_a_check_of_a_good_storage_leaves_nothing_behind(storage: Storage) -> None:
    await storage.check()
    await storage.check()
    assert await storage.delete_prefix("check") == 0


async def test_a_folder_that_cannot_be_written_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "assets").write_text("a file in the place of the folder")
    with pytest.raises(StorageError, match="assets"):
        await FileStorage(tmp_path / "assets", "http://books.example").check()


async def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jpg").write_bytes(b"secret")
    storage = FileStorage(tmp_path / "assets", "http://books.example")
    await storage.check()
    (tmp_path / "assets" / "out").symlink_to(tmp_path / "outside")
    (tmp_path / "assets" / "secret.jpg").symlink_to(tmp_path / "outside" / "secret.jpg")
    for key in ("out/secret.jpg", "secret.jpg"):
        with pytest.raises(StorageError, match="leads out"):
            await storage.get(key)
    with pytest.raises(StorageError, match="leads out"):
        await storage.put("out/new.jpg", b"1", JPEG)
    with pytest.raises(StorageError, match="leads out"):
        await storage.delete_prefix("out")
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["secret.jpg"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_full_disk_is_said_so_and_harms_nothing(small_disk: Path) -> None:
    storage = FileStorage(small_disk / "assets", "http://books.example")
    await storage.put("a.jpg", b"old", JPEG)
    with pytest.raises(StorageError, match="is full"):
        await storage.put("a.jpg", bytes(2_000_000), JPEG)
    assert (await storage.get("a.jpg")).data == b"old"
    assert [path.name for path in (small_disk / "assets").iterdir()] == ["a.jpg"]


async def test_a_read_only_disk_is_said_so(small_disk: Path) -> None:
    remount = await asyncio.create_subprocess_exec("mount", "-o", "remount,ro", small_disk)
    assert await remount.wait() == 0
    with pytest.raises(StorageError, match="read-only"):
        await FileStorage(small_disk / "assets", "http://books.example").check()

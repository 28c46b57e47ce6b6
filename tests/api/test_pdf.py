"""A book's PDF: made once, however many ask for it at once, and never left behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from storybook.main import create_app
from storybook.resources import Resources
from storybook.storage.files import FileStorage
from tests.conftest import USER_KEY


class SlowShelf(FileStorage):
    """Takes a PDF only when `gate` is open; `asked` counts those that were brought."""

    def __init__(self, root: Path, public_url: str) -> None:
        super().__init__(root, public_url)
        self.gate, self.asked = asyncio.Event(), 0

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        if key.endswith(".pdf"):
            self.asked += 1
            await self.gate.wait()
        await super().put(key, data, media_type)


@pytest.fixture
async def shelf(resources: Resources) -> SlowShelf:
    return SlowShelf(assets(resources), resources.settings.public_url)


def assets(resources: Resources) -> Path:
    return resources.settings.storybook_data_dir / "assets"


def pdfs(resources: Resources) -> list[Path]:
    return list(assets(resources).rglob("*.pdf"))


@asynccontextmanager
async def process(resources: Resources, shelf: SlowShelf) -> AsyncIterator[httpx.AsyncClient]:
    """A process that serves, and works on no jobs."""
    transport = httpx.ASGITransport(create_app(replace(resources, storage=shelf)))
    headers = {"X-User-Key": USER_KEY}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as opened:
        yield opened


async def until_asked(shelf: SlowShelf, times: int = 1) -> None:
    async with asyncio.timeout(30):
        while shelf.asked < times:
            await asyncio.sleep(0.01)


async def until_tidy(rows: Any) -> None:
    async with asyncio.timeout(30):
        while await rows("SELECT 1 FROM discarded_files WHERE due_at <= now()"):
            await asyncio.sleep(0.02)


async def test_all_who_ask_while_it_is_made_get_the_same_file(
    made: dict[str, Any], resources: Resources, shelf: SlowShelf, rows: Any
) -> None:
    path = f"/v1/books/{made['result']['book_id']}/pdf"
    async with process(resources, shelf) as client:
        asking = [asyncio.create_task(client.get(path)) for _ in range(4)]
        await until_asked(shelf)
        shelf.gate.set()
        answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    await until_tidy(rows)
    assert (shelf.asked, len(pdfs(resources))) == (1, 1)


async def test_a_book_that_is_deleted_while_it_is_printed_leaves_nothing(
    client: httpx.AsyncClient, made: dict[str, Any], resources: Resources, shelf: SlowShelf, rows: Any
) -> None:
    book_id = made["result"]["book_id"]
    async with process(resources, shelf) as other:
        asking = asyncio.create_task(other.get(f"/v1/books/{book_id}/pdf"))
        await until_asked(shelf)
        assert (await client.delete(f"/v1/library/{book_id}")).status_code == 200
        await until_tidy(rows)
        shelf.gate.set()
        assert (await asking).status_code == 200
    await until_tidy(rows)
    assert not [path for path in assets(resources).rglob("*") if path.is_file()]


@pytest.mark.parametrize("renamed", [False, True])
async def test_of_two_processes_the_slower_one_leaves_no_file(
    client: httpx.AsyncClient,
    made: dict[str, Any],
    resources: Resources,
    shelf: SlowShelf,
    rows: Any,
    renamed: bool,  # noqa: FBT001
) -> None:
    book_id = made["result"]["book_id"]
    async with process(resources, shelf) as other:
        asking = asyncio.create_task(other.get(f"/v1/books/{book_id}/pdf"))
        await until_asked(shelf)
        if renamed:
            await client.patch(f"/v1/library/{book_id}", json={"title": "The slow light"})
        else:
            await rows("UPDATE books SET pdf_key = 'books/another/book.pdf' RETURNING 1")
        shelf.gate.set()
        assert (await asking).status_code == 200
    await until_tidy(rows)
    assert pdfs(resources) == []

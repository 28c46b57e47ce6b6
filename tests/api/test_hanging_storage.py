"""A bucket that takes every question and answers none: whoever waits for a file is told in time to come back."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest

from storybook.main import create_app
from storybook.resources import Resources
from tests.api.test_pdf import SlowShelf, assets, pdfs, process, until_asked, until_tidy
from tests.conftest import USER_KEY
from tests.fixtures_http import serving
from tests.fixtures_s3 import S3Server

EXPORT = "/v1/users/me/export"
CLIENTS_WAIT_SECONDS = 30


@pytest.fixture
async def hanging(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """The service over such a bucket; a failure in the middle of an answer is raised here."""
    leaving = threading.Event()

    class Hanging(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            leaving.wait(60)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Hanging) as url:
        storage = S3Server(url).storage("books")
        transport = httpx.ASGITransport(create_app(replace(resources, storage=storage)))
        headers = {"X-User-Key": USER_KEY}
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as opened:
            yield opened
        await storage.close()
        leaving.set()


async def test_what_waits_for_a_bucket_that_hangs_is_refused_in_time_and_nothing_else_waits(
    made: dict[str, Any], hanging: httpx.AsyncClient, rows: Any
) -> None:
    path = f"/v1/books/{made['result']['book_id']}/pdf"
    began = time.monotonic()
    asking = [asyncio.create_task(hanging.get(wanted)) for wanted in (path, path, EXPORT)]
    await asyncio.sleep(1)
    await rows("UPDATE books SET pdf_key = 'books/another/book.pdf' RETURNING 1")
    asking.append(asyncio.create_task(hanging.get(path)))
    async with asyncio.timeout(3):
        assert (await hanging.get("/v1/library")).status_code == 200
        assert await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
    answers = await asyncio.gather(*asking)
    assert time.monotonic() - began < CLIENTS_WAIT_SECONDS
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.long
async def test_a_book_that_is_printed_for_long_is_there_for_whoever_comes_back(
    client: httpx.AsyncClient, made: dict[str, Any], resources: Resources, rows: Any
) -> None:
    shelf = SlowShelf(assets(resources), resources.settings.public_url)
    path = f"/v1/books/{made['result']['book_id']}/pdf"
    async with process(resources, shelf) as slow:
        async with asyncio.timeout(CLIENTS_WAIT_SECONDS):
            early = await slow.get(path)
        assert (early.status_code, early.headers["Retry-After"]) == (503, "5")
        coming_back = asyncio.create_task(slow.get(path))
        await until_asked(shelf)
        shelf.gate.set()
        assert (await coming_back).status_code == 200
    await until_tidy(rows)
    assert (shelf.asked, len(pdfs(resources))) == (1, 1)

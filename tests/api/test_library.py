"""The library over the API."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import SPEC, Follow


async def test_the_newest_books_come_first(client: httpx.AsyncClient, ended: Follow) -> None:
    ids = []
    for _ in range(3):
        job = await ended((await client.post("/v1/books", json=SPEC)).json()["job_id"])
        ids.append(job["result"]["book_id"])
    library = (await client.get("/v1/library")).json()
    assert [book["book_id"] for book in library["books"]] == ids[::-1]
    assert [book["id"] for book in library["books"]] == ids[::-1]
    part = (await client.get("/v1/library?limit=1&offset=1")).json()
    assert ([book["id"] for book in part["books"]], part["total"]) == ([ids[1]], 3)


async def test_a_shelf_shows_only_ones_own_books(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    assert made
    answer = await client.get("/v1/library", headers={"X-User-Key": "a-key-of-a-stranger"})
    assert answer.json() == {"books": [], "total": 0}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "offset=-1", "offset=99999999999999999999"])
async def test_a_part_that_cannot_be_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v1/library?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")

"""A book over the API, from its request to its pages."""

import asyncio
from typing import Any

import httpx

SPEC = {"topic": "a fox and a light", "language": "en", "target_age": "5-7", "style": "watercolor", "page_count": 4}


async def ended(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            job: dict[str, Any] = (await client.get(f"/v1/books/{job_id}")).json()
            if job["status"] in ("done", "failed"):
                return job
            await asyncio.sleep(0.02)


async def test_a_book_is_made_and_can_be_read(client: httpx.AsyncClient) -> None:
    created = await client.post("/v1/books", json=SPEC)
    assert created.status_code == 200
    job = await ended(client, created.json()["job_id"])
    assert (job["status"], job["progress"], job["current_step"]) == ("done", 100, "done")
    result = job["result"]
    assert [page["page_number"] for page in result["pages"]] == [1, 2, 3, 4]
    picture = await client.get(result["cover_image_url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")

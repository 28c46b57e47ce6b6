"""Everything that a reader can do, with the studio's own writer, painter, narrator, sight and screen."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from PIL import Image

from storybook.core.cpu import CpuPool
from storybook.core.settings import Settings
from storybook.main import create_app
from storybook.providers.http import make_client
from storybook.providers.registry import Workshop, make_providers
from storybook.resources import Resources
from storybook.services.calls import DatabaseMeter
from tests.conftest import USER_KEY

PATIENCE = 90


@pytest.fixture
async def studio(resources: Resources, settings: Settings, cpu: CpuPool) -> AsyncIterator[httpx.AsyncClient]:
    await resources.storage.check()
    async with make_client() as vendors:
        shop = Workshop(settings, cpu, vendors, DatabaseMeter(resources.database))
        app = create_app(replace(resources, providers=make_providers(shop)))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"X-User-Key": USER_KEY}
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
            yield client


async def done(client: httpx.AsyncClient, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    async with asyncio.timeout(PATIENCE):
        while True:
            job: dict[str, Any] = (await client.get(f"/v1/books/{answer.json()['job_id']}")).json()
            if job["status"] in ("done", "failed"):
                assert job["status"] == "done", job
                return job
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("language", "topic", "wish", "look", "shown", "remembered"),
    [
        pytest.param(
            *(
                "ko",
                "어둠이 무서운 아기 여우",
                "빨간 풍선을 넣어 주세요",
                "겨울이었으면 좋겠어요",
                "snow weather",
                "어둠",
            ),
            marks=pytest.mark.long,
        ),
        pytest.param(
            *("ja", "月へ行きたいロボット", "夜にしてください", "森の中で", "Place: forest", "うちゅう"),
            marks=pytest.mark.long,
        ),
        ("en", "Mina the penguin loses her scarf in the snow", "add a red kite", "night with stars", "night", "scarf"),
    ],
)
async def test_a_book_lives_its_whole_life(
    studio: httpx.AsyncClient, language: str, topic: str, wish: str, look: str, shown: str, remembered: str
) -> None:
    spec = {"topic": topic, "language": language, "target_age": "5-7", "style": "cartoon", "page_count": 4}
    job = await done(studio, await studio.post("/v1/books", json=spec))
    book = job["result"]
    page = f"/v1/books/{job['job_id']}/pages/2/regenerate"
    await done(studio, await studio.post(page, json={"mode": "both", "feedback": wish}))
    after = (await studio.get(f"/v1/books/{book['book_id']}/detail")).json()
    assert after["pages"][1]["text"] != book["pages"][1]["text"]
    assert after["pages"][1]["image_url"] != book["pages"][1]["image_url"]
    seen = await done(studio, await studio.post(page, json={"mode": "image", "feedback": look}))
    assert shown in seen["result"]["pages"][1]["image_prompt"]
    assert seen["result"]["pages"][1]["text"] == after["pages"][1]["text"]
    unknown = await done(studio, await studio.post(page, json={"mode": "image", "feedback": "xyzzy"}))
    assert (seen["note"], bool(unknown["note"])) == (None, True)
    assert shown in unknown["result"]["pages"][1]["image_prompt"]
    voice = (await studio.get(f"/v1/books/{book['book_id']}/pages/2/audio")).json()["audio_url"]
    assert len((await studio.get(voice)).content) > 5_000
    pdf = await studio.get(f"/v1/books/{book['book_id']}/pdf")
    assert pdf.content.startswith(b"%PDF-")
    wish_for_more = {"previous_book_id": book["book_id"], "topic": topic[::-1][:40]}
    second = (await done(studio, await studio.post("/v1/books/series", json=wish_for_more)))["result"]
    assert (second["character_id"], len(second["pages"])) == (book["character_id"], 4)
    assert remembered in " ".join(page["text"] for page in second["pages"][:2])
    assert (await studio.delete(f"/v1/library/{book['book_id']}")).status_code == 200


async def test_a_photo_becomes_a_character_that_is_the_hero_of_a_book(studio: httpx.AsyncClient) -> None:
    photo = io.BytesIO()
    Image.effect_mandelbrot((400, 300), (-3, -2.5, 2, 2.5), 100).convert("RGB").save(photo, "JPEG")
    files = {"photo": ("photo.jpg", photo.getvalue(), "application/octet-stream")}
    answer = await studio.post("/v1/characters/from-photo", files=files, data={"name": "Sora", "style": "cartoon"})
    assert answer.status_code == 200, answer.text
    character = answer.json()
    assert (character["name"], character["photo_url"]) == ("Sora", None)
    spec = {
        "topic": "a walk to the sea",
        "language": "en",
        "target_age": "3-5",
        "style": "pixel",
        "page_count": 4,
        "character_id": character["id"],
    }
    job = await done(studio, await studio.post("/v1/books", json=spec))
    assert "Sora" in " ".join(page["text"] for page in job["result"]["pages"])

"""The mobile app can read every answer that it asks for, in every state."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from storybook.core.database import Database
from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.jobs import PROGRESS_AT_START
from storybook.models import Job
from tests import app_contract as app
from tests.api.conftest import SPEC, Follow
from tests.fakes import FakeAuthor, FakeNarrator, FakePainter, FakeScreen, sheet
from tests.photos import marked_jpeg


async def get(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def order(client: httpx.AsyncClient, path: str, body: dict[str, Any] | None = None) -> str:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200
    if not path.endswith("/audio"):
        app.created(answer.json())
    return str(answer.json()["job_id"])


@pytest.fixture
async def at_the_easel(client: httpx.AsyncClient, painter: FakePainter) -> str:
    """A book that waits for its pictures."""
    painter.gate.clear()
    job_id = await order(client, "/v1/books", SPEC)
    async with asyncio.timeout(30):
        while painter.drawing < 3:
            await asyncio.sleep(0.01)
    return job_id


async def test_a_book_in_every_step(idle: httpx.AsyncClient, database: Database) -> None:
    job_id = await order(idle, "/v1/books", SPEC)
    app.job(await get(idle, f"/v1/books/{job_id}"))
    for step, percent in PROGRESS_AT_START.items():
        at = {"status": "running", "current_step": step, "progress": percent, "lease_until": datetime.now(UTC)}
        async with database.session() as session:
            await session.execute(update(Job).values(at))
        now = await get(idle, f"/v1/books/{job_id}")
        app.job(now)
        assert (now["status"], now["current_step"], now["progress"]) == ("running", step, percent)


async def test_a_book_whose_first_pictures_can_be_seen(
    client: httpx.AsyncClient, at_the_easel: str, painter: FakePainter, ended: Follow
) -> None:
    under_way = await get(client, f"/v1/books/{at_the_easel}")
    app.job(under_way)
    assert under_way["preview"]
    painter.gate.set()
    finished = await ended(at_the_easel)
    app.job(finished)
    assert len(finished["result"]["pages"]) == SPEC["page_count"]


async def test_a_book_that_failed_and_one_that_was_stopped(
    client: httpx.AsyncClient, screen: FakeScreen, painter: FakePainter, ended: Follow
) -> None:
    screen.flag_request = True
    app.job(await ended(await order(client, "/v1/books", SPEC)))
    screen.flag_request = False
    painter.gate.clear()
    stopped = await client.post(f"/v1/books/{await order(client, '/v1/books', SPEC | {'topic': 'a hare'})}/cancel")
    painter.gate.set()
    app.job(stopped.json())
    assert stopped.json()["status"] == "failed"


@pytest.mark.parametrize("code", ErrorCode)
async def test_a_book_that_failed_in_any_way(
    client: httpx.AsyncClient, author: FakeAuthor, ended: Follow, code: ErrorCode
) -> None:
    author.errors = [ProviderError("no", code=code)]
    failed = await ended(await order(client, "/v1/books", SPEC))
    app.job(failed)
    assert failed["error_code"] == code


async def test_a_finished_book_everywhere_it_is_shown(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    app.job(made)
    detail = await get(client, f"/v1/books/{made['result']['book_id']}/detail")
    app.book(detail)
    assert detail["job_id"] == made["job_id"]
    shelf = await get(client, "/v1/library?limit=20&offset=0")
    app.library(shelf)
    assert shelf["total"] == len(shelf["books"]) == 1
    kept = await get(client, "/v1/characters")
    app.characters(kept)
    assert kept["total"] == len(kept["characters"]) == 1


async def test_a_book_that_was_deleted(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    assert (await client.delete(f"/v1/library/{made['result']['book_id']}")).status_code == 200
    now = await get(client, f"/v1/books/{made['job_id']}")
    app.job(now)
    assert (now["status"], now["result"]) == ("done", None)
    app.library(await get(client, "/v1/library"))


async def test_a_page_made_again(client: httpx.AsyncClient, made: dict[str, Any], ended: Follow) -> None:
    path = f"/v1/books/{made['job_id']}/pages/1/regenerate"
    job = await ended(await order(client, path, {"regenerate_target": "both"}))
    app.job(job)
    assert (job["kind"], job["result"]["book_id"]) == ("page", made["result"]["book_id"])


async def test_a_voice_of_a_page_and_of_a_book(client: httpx.AsyncClient, made: dict[str, Any], ended: Follow) -> None:
    book_id = made["result"]["book_id"]
    app.sound(await get(client, f"/v1/books/{book_id}/pages/1/audio"))
    job = await ended(await order(client, f"/v1/books/{book_id}/audio"))
    app.job(job)
    detail = await get(client, f"/v1/books/{book_id}/detail")
    app.book(detail)
    assert (job["kind"], job["status"]) == ("audio", "done")


async def test_a_voice_that_failed(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, narrator: FakeNarrator
) -> None:
    narrator.errors = [ProviderError("no voice", code=ErrorCode.UNKNOWN)] * 9
    job = await ended(await order(client, f"/v1/books/{made['result']['book_id']}/audio"))
    app.job(job)
    assert (job["kind"], job["status"]) == ("audio", "failed")


async def test_the_next_book_of_a_series(client: httpx.AsyncClient, made: dict[str, Any], ended: Follow) -> None:
    wish = {"character_id": made["result"]["character_id"], "topic": "at the sea", "theme": "모험"}
    app.job(await ended(await order(client, "/v1/books/series", wish)))


async def test_characters_in_words_and_from_a_photo(client: httpx.AsyncClient) -> None:
    words = sheet("Luna").model_dump(mode="json", exclude={"visual_style_notes"})
    in_words = (await client.post("/v1/characters", json=words)).json()
    app.character(in_words)
    app.character(await get(client, f"/v1/characters/{in_words['id']}"))
    photo = {"photo": ("photo.jpg", marked_jpeg(), "image/jpeg")}
    answer = await client.post("/v1/characters/from-photo", files=photo, data={"style": "cartoon"})
    app.character(answer.json())
    app.characters(await get(client, "/v1/characters"))


async def test_an_empty_house(client: httpx.AsyncClient) -> None:
    app.library(await get(client, "/v1/library"))
    app.characters(await get(client, "/v1/characters"))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/books", {}, 422),
        ("POST", "/v1/books", SPEC | {"character_id": "char_unknown"}, 404),
        ("GET", "/v1/books/job_unknown", None, 404),
        ("GET", "/v1/books/book_unknown/detail", None, 404),
        ("GET", "/v1/books/book_unknown/pdf", None, 404),
        ("GET", "/v1/books/book_unknown/pages/1/audio", None, 404),
        ("GET", "/v1/library?limit=0", None, 422),
        ("PUT", "/v1/library", None, 405),
        ("GET", "/v1/nowhere", None, 404),
        ("POST", "/v1/characters/from-photo", None, 422),
    ],
)
async def test_every_refusal(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    answer = await client.request(method, path, json=body)
    assert answer.status_code == status
    app.error(answer.json())


async def test_a_refusal_without_a_good_key_or_credits(client: httpx.AsyncClient) -> None:
    for key in ("short", "k" * 81):
        app.error((await client.get("/v1/library", headers={"X-User-Key": key})).json())
    answers = [await client.post("/v1/books", json=SPEC | {"topic": f"a fox {n}"}) for n in range(4)]
    assert answers[-1].status_code == 402
    app.error(answers[-1].json())


GOOD_JOB = {
    "job_id": "job_1",
    "status": "running",
    "progress": 55,
    "current_step": "generate_images",
    "error": None,
    "error_code": None,
    "error_message": None,
    "result": None,
}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (app.job, GOOD_JOB | {"progress": 55.0}),
        (app.job, GOOD_JOB | {"status": "paused"}),
        (app.job, GOOD_JOB | {"status": "failed"}),
        (app.job, GOOD_JOB | {"job_id": None}),
        (app.job, {key: value for key, value in GOOD_JOB.items() if key != "current_step"}),
        (app.page, {"page_number": 1, "text": "Luna", "image_url": None, "audio_url": None}),
        (app.page, {"page_number": 1, "text": "Luna", "image_url": "/assets/a.png", "audio_url": None}),
        (app.sound, {"audio_url": "http://host/" + "a" * 500}),
        (app.error, {"detail": "no", "error": "no"}),
        (app.moment, "22.11.2026"),
    ],
)
def test_the_rules_find_what_the_app_cannot_read(rule: Callable[[Any], None], value: Any) -> None:
    app.job(GOOD_JOB)
    with pytest.raises(app.Unreadable):
        rule(value)

"""Books over the API: asking, following, reading."""

import asyncio
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from storybook.domain.story import StoryDraft
from tests.api.conftest import Follow
from tests.fakes import FakeAuthor, FakePainter, FakeScreen


async def test_a_book_is_asked_for_followed_and_read(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    assert (made["progress"], made["current_step"], made["error"]) == (100, "done", None)
    book = made["result"]
    assert [page["page_number"] for page in book["pages"]] == [1, 2, 3, 4]
    detail = (await client.get(f"/v1/books/{book['book_id']}/detail")).json()
    assert detail == book
    assert book["made_by"] == {"text": "fake-author", "image": "fake-painter", "moderation": "fake-screen"}


async def test_pictures_are_public_stable_and_named_by_nothing_that_can_be_guessed(
    client: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    urls = [made["result"]["cover_image_url"], *(page["image_url"] for page in made["result"]["pages"])]
    assert len(set(urls)) == 5
    for url in urls:
        assert len(url) <= 500
        picture = await client.get(url, headers={"X-User-Key": ""})
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
        assert "immutable" in picture.headers["cache-control"]
    token = httpx.URL(urls[0]).path.split("/")[3]
    assert len(token) >= 22
    assert token not in made["job_id"]


async def test_the_answer_to_a_request_names_the_job(client: httpx.AsyncClient, spec: dict[str, Any]) -> None:
    answer = await client.post("/v1/books", json=spec)
    assert answer.status_code == 200
    assert answer.json()["status"] == "queued"
    assert answer.json()["estimated_time_seconds"] == 120
    assert len(answer.json()["job_id"]) <= 60


async def test_a_job_under_way_shows_its_step_and_an_integer_progress(
    client: httpx.AsyncClient, painter: FakePainter, spec: dict[str, Any], ended: Follow
) -> None:
    painter.gate.clear()
    job_id = (await client.post("/v1/books", json=spec)).json()["job_id"]
    async with asyncio.timeout(30):
        while painter.drawing < 3:
            await asyncio.sleep(0.01)
    job = (await client.get(f"/v1/books/{job_id}")).json()
    assert (job["status"], job["current_step"], job["progress"]) == ("running", "generate_images", 55)
    assert (job["result"], job["error"]) == (None, None)
    painter.gate.set()
    await ended(job_id)


async def test_an_unsafe_request_fails_with_a_sentence_for_parents_and_costs_nothing(
    client: httpx.AsyncClient, screen: FakeScreen, spec: dict[str, Any], ended: Follow, rows: Any
) -> None:
    screen.flag_request = True
    job = await ended((await client.post("/v1/books", json=spec | {"language": "ko"})).json()["job_id"])
    assert job["status"] == "failed"
    assert job["error"]["code"] == job["error_code"] == "SAFETY_INPUT"
    assert job["error"]["message"] == job["error_message"]
    assert "크레딧은 돌려드렸어요" in job["error_message"]
    assert await rows("SELECT credits, held FROM user_credits") == [(3, 0)]


async def test_the_fourth_book_needs_credits(client: httpx.AsyncClient, spec: dict[str, Any]) -> None:
    answers = [await client.post("/v1/books", json=spec | {"topic": f"a fox {n}"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 402]
    assert answers[3].json()["error"]["code"] == "PAYMENT_REQUIRED"


async def test_equal_requests_with_one_key_make_one_book(
    client: httpx.AsyncClient, spec: dict[str, Any], rows: Any
) -> None:
    headers = {"X-Idempotency-Key": "k" * 80}
    answers = await asyncio.gather(*(client.post("/v1/books", json=spec, headers=headers) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert await rows("SELECT count(*) FROM jobs") == [(1,)]
    other = await client.post("/v1/books", json=spec | {"topic": "another"}, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "VALIDATION_ERROR")


async def test_a_pdf_has_the_title_as_its_name_and_is_made_once(
    client: httpx.AsyncClient, author: FakeAuthor, spec: dict[str, Any], ended: Follow, rows: Any
) -> None:
    def rename(draft: StoryDraft) -> StoryDraft:
        return draft.model_copy(update={"title": 'Moon 달 & 별/"루나" ルナ 🌙'})

    author.change = rename
    job = await ended((await client.post("/v1/books", json=spec)).json()["job_id"])
    path = f"/v1/books/{job['result']['book_id']}/pdf"
    first, second = await client.get(path), await client.get(path)
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    assert first.content == second.content
    disposition = first.headers["content-disposition"]
    assert disposition.isascii()
    assert unquote(disposition.split("UTF-8''")[1]) == "Moon 달 & 별루나 ルナ 🌙.pdf"
    ((key,),) = await rows("SELECT pdf_key FROM books")
    assert key.endswith(".pdf")


@pytest.mark.parametrize("path", ["/v1/books/{job}", "/v1/books/{book}/detail", "/v1/books/{book}/pdf"])
async def test_what_is_somebody_elses_answers_like_what_is_not_there(
    client: httpx.AsyncClient, made: dict[str, Any], path: str
) -> None:
    stranger = {"X-User-Key": "a-key-of-a-stranger"}
    theirs = path.format(job=made["job_id"], book=made["result"]["book_id"])
    unknown = path.format(job="job_unknown", book="book_unknown")
    answers = [await client.get(where, headers=stranger) for where in (theirs, unknown)]
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        body.pop("request_id")
    assert [answer.status_code for answer in answers] == [404, 404]
    assert bodies[0] == bodies[1]
    assert bodies[0]["error"]["code"] == "NOT_FOUND"

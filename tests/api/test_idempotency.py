"""Requests that cost something are done once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from sqlalchemy import text

from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec
from storybook.main import create_app
from storybook.resources import Resources, open_resources
from storybook.services import idempotency
from tests.api.conftest import SPEC, Follow
from tests.conftest import USER_KEY
from tests.fakes import FakePainter

KEY = {"X-Idempotency-Key": "a-key"}


async def test_a_hundred_equal_requests_at_once_make_one_book(client: httpx.AsyncClient, rows: Any) -> None:
    answers = await asyncio.gather(*(client.post("/v1/books", json=SPEC, headers=KEY) for _ in range(100)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    for answer in answers:
        assert answer.status_code == 200 or answer.headers["retry-after"]
    assert await rows("SELECT count(*) FROM jobs") == [(1,)]
    assert await rows("SELECT credits + held FROM user_credits") in ([(3,)], [(2,)])


async def test_another_body_with_the_same_key_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/books", json=SPEC, headers=KEY)).status_code == 200
    other = await client.post("/v1/books", json=SPEC | {"topic": "another"}, headers=KEY)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "VALIDATION_ERROR")


async def test_another_user_and_another_route_have_keys_of_their_own(
    client: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    mine = await client.post("/v1/books", json=SPEC | {"topic": "a bear"}, headers=KEY)
    stranger = KEY | {"X-User-Key": "a-key-of-a-stranger"}
    theirs = await client.post("/v1/books", json=SPEC | {"topic": "a bear"}, headers=stranger)
    page = await client.post(f"/v1/books/{made['job_id']}/pages/1/regenerate", json={"mode": "text"}, headers=KEY)
    assert len({answer.json()["job_id"] for answer in (mine, theirs, page)}) == 3


async def test_who_asks_while_the_first_request_is_at_work_is_told_to_come_back(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    user_id = (await client.get("/v1/users/me")).json()["user_id"]
    sent = BookSpec.model_validate(SPEC)
    async with resources.database.session() as session:
        await idempotency.open_request(session, user_id, "POST /v1/books", "a-key", b"of another process")
        answer = await client.post("/v1/books", json=sent.model_dump(mode="json"), headers=KEY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert answer.headers["retry-after"] == "1"


async def test_without_a_key_the_same_request_twice_is_one_book_for_ten_seconds(
    client: httpx.AsyncClient, ended: Follow, resources: Resources
) -> None:
    first, second = [await client.post("/v1/books", json=SPEC) for _ in range(2)]
    assert first.json()["job_id"] == second.json()["job_id"]
    await ended(first.json()["job_id"])
    assert (await client.post("/v1/books", json=SPEC)).json()["job_id"] == first.json()["job_id"]
    await forget(resources)
    third = await client.post("/v1/books", json=SPEC)
    assert third.json()["job_id"] != first.json()["job_id"]


async def test_without_a_key_the_same_request_is_one_book_for_as_long_as_it_is_made(
    client: httpx.AsyncClient, painter: FakePainter, resources: Resources
) -> None:
    painter.gate.clear()
    first = await client.post("/v1/books", json=SPEC)
    await forget(resources)
    second = await client.post("/v1/books", json=SPEC)
    painter.gate.set()
    assert first.json()["job_id"] == second.json()["job_id"]


async def test_without_a_key_what_is_gone_is_made_anew(
    client: httpx.AsyncClient, painter: FakePainter, ended: Follow
) -> None:
    painter.gate.clear()
    stopped = (await client.post("/v1/books", json=SPEC)).json()["job_id"]
    await client.post(f"/v1/books/{stopped}/cancel")
    painter.gate.set()
    made = (await client.post("/v1/books", json=SPEC)).json()["job_id"]
    assert made != stopped
    book_id = (await ended(made))["result"]["book_id"]
    voices = [(await client.post(f"/v1/books/{book_id}/audio")).json()["job_id"]]
    await ended(voices[0])
    voices.append((await client.post(f"/v1/books/{book_id}/audio")).json()["job_id"])
    assert voices[0] != voices[1]
    await client.delete(f"/v1/library/{book_id}")
    assert (await client.post("/v1/books", json=SPEC)).json()["job_id"] != made


async def forget(resources: Resources) -> None:
    """Lets the time pass that answers are kept for."""
    async with resources.database.session() as session:
        await session.execute(text("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'"))


async def test_a_refused_request_may_be_sent_again_with_the_same_key(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    for number in range(3):
        await client.post("/v1/books", json=SPEC | {"topic": f"a fox {number}"})
    assert (await client.post("/v1/books", json=SPEC, headers=KEY)).status_code == 402
    async with resources.database.session() as session:
        await session.execute(text("UPDATE user_credits SET credits = 1"))
    assert (await client.post("/v1/books", json=SPEC, headers=KEY)).status_code == 200


@asynccontextmanager
async def process(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The service from its start to its end, with everything that it opens; nobody works on its jobs."""
    async with open_resources(settings) as resources:
        transport = httpx.ASGITransport(create_app(resources), raise_app_exceptions=False)
        headers = {"X-User-Key": USER_KEY} | KEY
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as opened:
            yield opened


async def test_the_answer_survives_a_restart_and_a_balance_of_zero(
    settings: Settings, database: Database, rows: Any
) -> None:
    here = settings.model_copy(update={"database_url": database.url, "cpu_workers": 1})
    async with process(here) as client:
        first = await client.post("/v1/books", json=SPEC, headers=KEY)
    await rows("UPDATE user_credits SET credits = 0 RETURNING 1")
    async with process(here) as client:
        second = await client.post("/v1/books", json=SPEC, headers=KEY)
    assert (second.status_code, second.content) == (200, first.content)


async def test_a_key_is_forgotten_after_a_day(client: httpx.AsyncClient, resources: Resources) -> None:
    first = await client.post("/v1/books", json=SPEC, headers=KEY)
    async with resources.database.session() as session:
        hours = await session.scalar(text("SELECT extract(epoch FROM expires_at - now()) / 3600 FROM idempotency_keys"))
        await session.execute(text("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'"))
    assert 23.9 < float(hours) <= 24
    second = await client.post("/v1/books", json=SPEC, headers=KEY)
    assert second.json()["job_id"] != first.json()["job_id"]

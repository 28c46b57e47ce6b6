"""Requests that cost something are done once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from storybook.main import create_app
from storybook.resources import Resources
from tests.api.conftest import SPEC
from tests.conftest import USER_KEY

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


async def test_another_user_and_another_route_have_keys_of_their_own(client: httpx.AsyncClient) -> None:
    mine = await client.post("/v1/books", json=SPEC, headers=KEY)
    theirs = await client.post("/v1/books", json=SPEC, headers=KEY | {"X-User-Key": "a-key-of-a-stranger"})
    assert mine.json()["job_id"] != theirs.json()["job_id"]


async def test_without_a_key_the_same_request_twice_is_one_book_for_ten_seconds(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    first, second = [await client.post("/v1/books", json=SPEC) for _ in range(2)]
    assert first.json()["job_id"] == second.json()["job_id"]
    async with resources.database.session() as session:
        await session.execute(text("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'"))
    third = await client.post("/v1/books", json=SPEC)
    assert third.json()["job_id"] != first.json()["job_id"]


async def test_a_refused_request_may_be_sent_again_with_the_same_key(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    for number in range(3):
        await client.post("/v1/books", json=SPEC | {"topic": f"a fox {number}"})
    assert (await client.post("/v1/books", json=SPEC, headers=KEY)).status_code == 402
    async with resources.database.session() as session:
        await session.execute(text("UPDATE user_credits SET credits = 1"))
    assert (await client.post("/v1/books", json=SPEC, headers=KEY)).status_code == 200


@pytest.fixture
async def restarted(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """Another process over the same database."""
    app = create_app(resources)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver", headers={"X-User-Key": USER_KEY}
    ) as opened:
        yield opened


async def test_the_answer_survives_a_restart_and_a_balance_of_zero(
    client: httpx.AsyncClient, restarted: httpx.AsyncClient, resources: Resources
) -> None:
    first = await client.post("/v1/books", json=SPEC, headers=KEY)
    async with resources.database.session() as session:
        await session.execute(text("UPDATE user_credits SET credits = 0"))
    assert (await restarted.post("/v1/books", json=SPEC, headers=KEY)).content == first.content


async def test_a_key_is_forgotten_after_a_day(client: httpx.AsyncClient, resources: Resources) -> None:
    first = await client.post("/v1/books", json=SPEC, headers=KEY)
    async with resources.database.session() as session:
        hours = await session.scalar(text("SELECT extract(epoch FROM expires_at - now()) / 3600 FROM idempotency_keys"))
        await session.execute(text("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'"))
    assert 23.9 < float(hours) <= 24
    second = await client.post("/v1/books", json=SPEC, headers=KEY)
    assert second.json()["job_id"] != first.json()["job_id"]

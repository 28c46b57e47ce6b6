"""Trying again what has failed: nobody buys a book twice."""

import asyncio
from typing import Any

import httpx
import pytest

from storybook.core.errors import ErrorCode, ProviderError
from tests.api.conftest import SPEC, Follow
from tests.fakes import FakeAuthor, FakeNarrator, FakePainter, FakeSight
from tests.photos import encoded, scene

NO_STORY = ProviderError("no", code=ErrorCode.LLM_JSON_INVALID)
RETRIES = "SELECT count(*) FROM jobs WHERE retry_of IS NOT NULL"


@pytest.fixture
async def failed(client: httpx.AsyncClient, author: FakeAuthor, ended: Follow) -> str:
    author.errors = [NO_STORY]
    job = await ended((await client.post("/v1/books", json=SPEC)).json()["job_id"])
    assert job["status"] == "failed"
    return str(job["job_id"])


async def retried(client: httpx.AsyncClient, job_id: str, key: str) -> str:
    answer = await client.post(f"/v1/books/{job_id}/retry", headers={"X-Idempotency-Key": key})
    assert answer.status_code == 200
    return str(answer.json()["job_id"])


async def test_twenty_retries_at_once_are_one_job_and_one_credit(
    client: httpx.AsyncClient, failed: str, ended: Follow, rows: Any
) -> None:
    jobs = await asyncio.gather(*(retried(client, failed, f"key-{n}") for n in range(20)))
    assert len(set(jobs)) == 1
    assert (await ended(jobs[0]))["status"] == "done"
    assert await rows("SELECT credits, held FROM user_credits") == [(2, 0)]
    assert await rows("SELECT count(*) FROM credit_transactions WHERE transaction_type = 'hold'") == [(2,)]
    assert await retried(client, failed, "long after") == jobs[0]
    assert await rows(RETRIES) == [(1,)]


async def test_when_the_retry_failed_too_either_of_them_can_be_tried_again_and_both_mean_the_same_book(
    client: httpx.AsyncClient, failed: str, author: FakeAuthor, painter: FakePainter, ended: Follow, rows: Any
) -> None:
    author.errors = [NO_STORY]
    second = await retried(client, failed, "second")
    assert (await ended(second))["status"] == "failed"
    painter.gate.clear()
    third = await retried(client, second, "third")
    assert third not in {failed, second}
    assert await retried(client, failed, "of the first") == third
    assert (await client.post(f"/v1/books/{third}/cancel")).status_code == 200
    painter.gate.set()
    fourth = await retried(client, failed, "fourth")
    assert (await ended(fourth))["status"] == "done"
    assert await retried(client, third, "of the third") == fourth
    assert await rows("SELECT credits, held FROM user_credits") == [(2, 0)]


async def test_a_voice_that_failed_can_be_tried_again(
    client: httpx.AsyncClient, made: dict[str, Any], narrator: FakeNarrator, ended: Follow
) -> None:
    narrator.errors = [ProviderError("no voice", code=ErrorCode.UNKNOWN)]
    job = await ended((await client.post(f"/v1/books/{made['result']['book_id']}/audio")).json()["job_id"])
    assert job["status"] == "failed"
    assert (await ended(await retried(client, job["job_id"], "again")))["kind"] == "audio"


@pytest.mark.parametrize("wish", ["audio", "descriptions"])
async def test_what_was_ordered_anew_meanwhile_is_not_made_a_second_time(
    client: httpx.AsyncClient,
    made: dict[str, Any],
    narrator: FakeNarrator,
    sight: FakeSight,
    ended: Follow,
    wish: str,
) -> None:
    narrator.errors = [ProviderError("no voice", code=ErrorCode.UNKNOWN)]
    sight.errors = [ProviderError("no sight", code=ErrorCode.UNKNOWN)]
    path = f"/v1/books/{made['result']['book_id']}/{wish}"
    failed = await ended((await client.post(path)).json()["job_id"])
    assert failed["status"] == "failed"
    narrator.gate.clear()
    sight.open.clear()
    anew = (await client.post(path, headers={"X-Idempotency-Key": "anew"})).json()["job_id"]
    again = await retried(client, failed["job_id"], "again")
    narrator.gate.set()
    sight.open.set()
    assert again == anew
    assert (await ended(anew))["status"] == "done"


async def test_a_photo_has_to_be_sent_again(client: httpx.AsyncClient, sight: FakeSight, rows: Any) -> None:
    sight.errors = [ProviderError("it cannot see", code=ErrorCode.UNKNOWN)] * 5
    refused = await client.post("/v1/characters/from-photo", files={"photo": ("me.jpg", encoded(scene()))})
    answer = await client.post(f"/v1/books/{refused.json()['error']['details']['job_id']}/retry")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "The photo was deleted when this failed. Please send it again."
    assert await rows("SELECT count(*) FROM jobs") == [(1,)]


async def test_what_has_not_failed_is_not_tried_again(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    answer = await client.post(f"/v1/books/{made['job_id']}/retry")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert answer.json()["detail"].startswith("This has not failed.")

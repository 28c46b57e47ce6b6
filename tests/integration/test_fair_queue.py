"""Whose job comes next: many books of one family keep no other family waiting."""

import asyncio
from typing import Any

import httpx
import pytest

from storybook.core.database import Database
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import SHORT_KINDS, JobKind
from storybook.domain.orders import AudioOrder, BookOrder, Order
from storybook.services import accounts, jobs
from tests.api.conftest import SPEC
from tests.conftest import ROOMY
from tests.fakes import FakePainter
from tests.photos import encoded, scene

BOOKS = frozenset({JobKind.BOOK})
MANY = 40
A, B = {"X-User-Key": "the-key-of-family-a"}, {"X-User-Key": "the-key-of-family-b"}


class Counter:
    """Where jobs are handed in and taken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def order(self, family: dict[str, str], kind: JobKind, order: Order) -> str:
        async with self._database.session() as session:
            key_hash = accounts.hash_user_key(family["X-User-Key"], pepper="pepper")
            user_id = await accounts.sign_in(session, key_hash)
            job = await jobs.start(session, user_id, kind, order, ROOMY)
            return job.id

    async def park(self, seconds: float) -> str:
        """Takes a job and hands it back to wait."""
        async with self._database.session() as session:
            claim = await jobs.claim_next(session, owner="me", lease_seconds=30)
            assert claim
            await jobs.hand_back(session, claim, wait_seconds=seconds)
            return claim.job_id

    async def take(self, kinds: frozenset[JobKind] = BOOKS) -> str | None:
        async with self._database.session() as session:
            claim = await jobs.claim_next(session, owner="me", lease_seconds=30, kinds=kinds)
            return claim and claim.job_id


@pytest.fixture
def counter(database: Database) -> Counter:
    return Counter(database)


def voice(page: int) -> AudioOrder:
    return AudioOrder(book_id="book_1", page_number=page, language="en")


async def test_who_has_least_at_work_comes_next_and_then_the_oldest(counter: Counter) -> None:
    """Voices stand for books: they are queued alike and cost no credits."""
    of_a = [await counter.order(A, JobKind.AUDIO, voice(1 + n % 12)) for n in range(MANY)]
    assert [await counter.take(SHORT_KINDS) for _ in range(2)] == of_a[:2]
    of_b = [await counter.order(B, JobKind.AUDIO, voice(n)) for n in (1, 2, 3)]
    assert [await counter.take(SHORT_KINDS) for _ in range(4)] == [of_b[0], of_b[1], of_a[2], of_b[2]]


async def test_a_job_that_waits_for_a_vendor_is_passed_over_until_its_wait_is_over(counter: Counter) -> None:
    first, second = [await counter.order(A, JobKind.AUDIO, voice(n)) for n in (1, 2)]
    assert await counter.park(0.5) == first
    assert [await counter.take(SHORT_KINDS) for _ in range(2)] == [second, None]
    await asyncio.sleep(0.5)
    assert await counter.take(SHORT_KINDS) == first


async def test_each_lane_takes_its_own_kinds_and_counts_only_them(counter: Counter) -> None:
    spec = BookSpec.model_validate(SPEC)
    of_b = await counter.order(B, JobKind.BOOK, BookOrder(spec=spec))
    assert await counter.take() == of_b
    heard = await counter.order(B, JobKind.AUDIO, voice(1))
    await counter.order(A, JobKind.AUDIO, voice(1))
    assert await counter.take() is None
    assert await counter.take(SHORT_KINDS) == heard


async def test_another_family_is_served_while_one_has_forty_books_waiting(
    client: httpx.AsyncClient, painter: FakePainter, rows: Any
) -> None:
    made = await finished(client, (await client.post("/v1/books", json=SPEC, headers=B)).json()["job_id"])
    await client.get("/v1/users/me", headers=A)
    await rows("UPDATE user_credits SET credits = 50 RETURNING 1")
    painter.gate.clear()
    of_a = [await ordered(client, A, f"a fox {n}") for n in range(MANY)]
    of_b = await ordered(client, B, "a hare")
    async with asyncio.timeout(20):
        page = f"/v1/books/{made['result']['book_id']}/pages/1/audio"
        assert (await client.get(page, headers=B)).status_code == 200
        photo = {"photo": ("me.jpg", encoded(scene()))}
        assert (await client.post("/v1/characters/from-photo", files=photo, headers=B)).status_code == 200
        at_work = [job for job in of_a if await status(client, job, A) == "running"]
        assert len(at_work) == 4
        assert await status(client, of_b, B) == "queued"
        await client.post(f"/v1/books/{at_work[0]}/cancel", headers=A)
        while await status(client, of_b, B) != "running":
            await asyncio.sleep(0.05)
    assert [await status(client, job, A) for job in of_a].count("running") == 3
    for job in of_a:
        await client.post(f"/v1/books/{job}/cancel", headers=A)
    painter.gate.set()
    await finished(client, of_b)


async def ordered(client: httpx.AsyncClient, family: dict[str, str], topic: str) -> str:
    answer = await client.post("/v1/books", json=SPEC | {"topic": topic}, headers=family)
    assert answer.status_code == 200
    return str(answer.json()["job_id"])


async def status(client: httpx.AsyncClient, job_id: str, family: dict[str, str]) -> str:
    return str((await client.get(f"/v1/books/{job_id}", headers=family)).json()["status"])


async def finished(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while await status(client, job_id, B) != "done":
            await asyncio.sleep(0.02)
    return dict((await client.get(f"/v1/books/{job_id}", headers=B)).json())

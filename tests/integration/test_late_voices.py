"""The voice of a page whose runner died before it could give it, and what has become of the book meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from storybook.domain.jobs import JobState, Lane
from storybook.domain.orders import Claim
from storybook.main import make_kit
from storybook.pipeline.holder import LeaseHolder
from storybook.pipeline.work import work_on
from storybook.resources import Resources
from storybook.services import files, library, orders
from storybook.storage.base import MEDIA_TYPES
from tests.conftest import ROOMY
from tests.fakes import FakeNarrator
from tests.integration.test_audit_work import made, ownerless

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]
MP3 = MEDIA_TYPES["mp3"]
VOICES = "SELECT audio_key FROM pages WHERE audio_key IS NOT NULL UNION ALL SELECT audio_key FROM books"


@pytest.fixture
def holder(resources: Resources) -> LeaseHolder:
    return LeaseHolder(make_kit(resources), resources.settings)


@pytest.fixture
async def user_id(resources: Resources) -> str:
    """The user of one book."""
    return await made(resources)


@pytest.fixture
async def late(resources: Resources, holder: LeaseHolder, user_id: str, rows: Rows) -> Claim:
    """The job of the voice of page 1, whose runner was killed when that was stored and not given to the page yet."""
    [(book_id,)] = await rows("SELECT id FROM books")
    async with resources.database.session() as session:
        await orders.voice_of(session, user_id, book_id, 1, ROOMY)
    claim = await holder.claim(Lane.SHORT)
    assert claim
    async with resources.database.session() as session, asyncio.timeout(30):
        await session.execute(text("SELECT FROM books FOR UPDATE"))
        working = asyncio.create_task(work_on(claim, make_kit(resources)))
        while not await rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        working.cancel()
        await asyncio.wait([working])
    await rows("UPDATE jobs SET lease_until = now() - interval '1 second' WHERE status = 'running' RETURNING id")
    return claim


async def works_on(holder: LeaseHolder, rows: Rows, job_id: str) -> None:
    """Whoever comes next does this job."""
    claim = await holder.claim(Lane.SHORT)
    assert claim
    assert claim.job_id == job_id
    await holder.work(claim)
    assert (job_id, JobState.DONE) in await rows("SELECT id, status FROM jobs")


async def read_aloud(resources: Resources, holder: LeaseHolder, rows: Rows, user_id: str) -> str:
    """The id of the book, which has all its voices now."""
    [(book_id,)] = await rows("SELECT id FROM books")
    await rows("UPDATE jobs SET wait_until = now() + interval '1 hour' WHERE status = 'running' RETURNING id")
    async with resources.database.session() as session:
        job_id = await orders.order_audio(session, user_id, book_id, ROOMY)
    await works_on(holder, rows, job_id)
    await rows("UPDATE jobs SET wait_until = NULL RETURNING id")
    return str(book_id)


async def stored(resources: Resources) -> list[str]:
    """All files, once what was discarded is gone."""
    await files.remove_discarded(resources.database, resources.storage)
    return await resources.storage.keys()


async def test_a_voice_that_comes_when_its_page_has_one_goes_at_once(
    resources: Resources, holder: LeaseHolder, user_id: str, late: Claim, rows: Rows
) -> None:
    await read_aloud(resources, holder, rows, user_id)
    voices = sorted(await rows(VOICES))
    await works_on(holder, rows, late.job_id)
    assert sorted(await rows(VOICES)) == voices
    assert [key for key in await stored(resources) if key.endswith(".mp3")] == [key for (key,) in voices]
    assert await ownerless(resources.database, resources.storage) == []


async def test_a_voice_that_was_stored_and_is_missing_is_made_anew(
    resources: Resources, holder: LeaseHolder, late: Claim, rows: Rows, narrator: FakeNarrator
) -> None:
    [(key,)] = await rows("SELECT artifact ->> 'key' FROM step_artifacts WHERE step = 'narrate'")
    await resources.storage.delete(key)
    await works_on(holder, rows, late.job_id)
    [(given,)] = await rows("SELECT audio_key FROM pages WHERE page_number = 1")
    assert (await resources.storage.get(given)).media_type == MP3
    assert len(narrator.spoken) == 2


async def test_a_deleted_book_takes_along_whatever_its_jobs_have_stored(
    resources: Resources, holder: LeaseHolder, user_id: str, late: Claim, rows: Rows
) -> None:
    book_id = await read_aloud(resources, holder, rows, user_id)
    await works_on(holder, rows, late.job_id)
    for (token,) in await rows("SELECT asset_token FROM jobs"):
        await resources.storage.put(f"{files.folder_of(token)}/page_1-of-nobody.mp3", b"ID3", MP3)
    async with resources.database.session() as session:
        await library.remove(session, user_id, book_id)
    assert await stored(resources) == []

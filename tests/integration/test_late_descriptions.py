"""Pictures in words whose runner died in the middle: whoever goes on asks for nothing that was said and judged."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from storybook.domain.alt_text import AltText
from storybook.domain.jobs import SHORT_KINDS, JobKind, Lane
from storybook.main import make_kit
from storybook.pipeline.holder import LeaseHolder
from storybook.pipeline.work import work_on
from storybook.providers.base import DescriptionRequest
from storybook.resources import Resources
from storybook.services import jobs, orders
from tests.conftest import ROOMY
from tests.fakes import FakeScreen, FakeSight
from tests.integration.test_audit_work import made

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]

JUDGED = """SELECT page_number FROM step_artifacts JOIN jobs ON jobs.id = job_id
            WHERE kind = 'description' AND step = 'moderate_output'"""


class TiredSight(FakeSight):
    """Looks at two pictures, and at no other before `open` is set."""

    async def describe_picture(self, request: DescriptionRequest) -> AltText:
        if len(self.described) < 2:
            self.described.append(request)
            return AltText(text=f"A fox looks at the {zlib.crc32(request.picture.data)} sky.")
        return await super().describe_picture(request)


@pytest.fixture
def sight() -> TiredSight:
    return TiredSight()


@pytest.fixture
async def job_id(resources: Resources, rows: Rows) -> str:
    """The job of the descriptions of a book that is on the shelf."""
    user_id = await made(resources)
    [(book_id,)] = await rows("SELECT id FROM books")
    async with resources.database.session() as session:
        return await orders.order_descriptions(session, user_id, book_id, ROOMY)


async def test_what_was_said_and_judged_before_a_kill_is_neither_said_nor_judged_again(
    resources: Resources, job_id: str, sight: TiredSight, screen: FakeScreen, rows: Rows
) -> None:
    screen.checked_texts.clear()
    sight.open.clear()
    holder = LeaseHolder(make_kit(resources), resources.settings)
    claim = await holder.claim(Lane.SHORT)
    assert claim
    working = asyncio.create_task(work_on(claim, make_kit(resources)))
    async with asyncio.timeout(30):
        while len(await rows(JUDGED)) < 2 or len(sight.described) < 5:
            await asyncio.sleep(0.01)
    working.cancel()
    await asyncio.wait([working])
    assert await rows("SELECT alt_text FROM pages UNION SELECT cover_alt_text FROM books") == [(None,)]
    before = {asked.picture.data for asked in sight.described[:2]}
    await rows("UPDATE jobs SET lease_until = now() - interval '1 second' WHERE status = 'running' RETURNING id")
    sight.open.set()
    again = await holder.claim(Lane.SHORT)
    assert again and again.job_id == job_id
    await holder.work(again)
    assert await rows("SELECT DISTINCT status FROM jobs") == [("done",)]
    assert await rows("SELECT count(alt_text) FROM pages") == await rows("SELECT count(*) FROM pages")
    looked = Counter(asked.picture.data for asked in sight.described)
    assert {looked[picture] for picture in before} == {1}
    judged = Counter(check.texts for check in screen.checked_texts)
    assert set(judged.values()) == {1}
    assert len(judged) == len(looked)


async def test_a_process_that_does_not_know_descriptions_leaves_them_to_others(
    resources: Resources, job_id: str
) -> None:
    async with resources.database.session() as session:
        known = SHORT_KINDS - {JobKind.DESCRIPTION}
        assert await jobs.claim_next(session, owner="an old process", lease_seconds=30, kinds=known) is None
        claim = await jobs.claim_next(session, owner="a new process", lease_seconds=30, kinds=SHORT_KINDS)
    assert claim and claim.job_id == job_id

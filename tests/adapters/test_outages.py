"""Vendors that are away, slow or talk nonsense while books wait: nothing is lost, and nothing is shown unjudged.

All rests are a hundredth of what they are otherwise.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec
from storybook.domain.calls import Outcome
from storybook.domain.jobs import Step
from storybook.models import Job, StepArtifact, StoryDraftRow
from storybook.models.jobs import WHOLE_BOOK
from storybook.pipeline.runner import Runner
from storybook.providers.breaker import FAILURES_TO_OPEN, Rests
from storybook.services import credits, orders
from tests.fixtures_press import Press, press
from tests.fixtures_simulator import Simulated, settings_for
from tests.simulator.faults import Fault, Place
from tests.verdicts import about_looks, about_picture, about_words

RESTS = Rests(*(seconds / 100 for seconds in Rests()))
AWAY_SECONDS = 6.0
SPEC = BookSpec(topic="a fox and a light", target_age="5-7", style="watercolor", language="en", page_count=4)
SLOW_SECONDS = 0.4
"""Longer than a try may take here."""


def settings_of(simulator: Simulated, folder: Path) -> Settings:
    house = {"llm": "openai", "image": "fal", "tts": "elevenlabs", "moderation": "openai"}
    more = {"sweep_seconds": 1, "jobs_in_process": 10, "budget_per_book": 90, "budget_per_user_day": 9000}
    return settings_for(simulator, folder, **house, **more, budget_per_day=9000)


@asynccontextmanager
async def rich_press(simulator: Simulated, database: Database, cpu: CpuPool, folder: Path) -> AsyncIterator[Press]:
    async with press(settings_of(simulator, folder), database, cpu, RESTS) as made:
        async with database.session() as session:
            await credits.grant(session, made.user_id, 100, "a test")
        yield made


@asynccontextmanager
async def working(made: Press) -> AsyncIterator[None]:
    runner = Runner(made.kit, made.settings)
    runner.start()
    try:
        yield
    finally:
        await runner.stop(grace_seconds=0)


async def jobs_of(made: Press, job_ids: list[str]) -> list[Job]:
    async with made.kit.database.session() as session:
        return [await session.get_one(Job, job_id) for job_id in job_ids]


async def all_ended(made: Press, job_ids: list[str]) -> list[Job]:
    async with asyncio.timeout(240):
        while any(job.finished_at is None for job in await jobs_of(made, job_ids)):
            await asyncio.sleep(0.2)
    return await jobs_of(made, job_ids)


async def accounts_agree(made: Press, simulator: Simulated) -> None:
    rows = await made.calls()
    assert sum(row.micro_dollars for row in rows if row.outcome == Outcome.OK) == simulator.charged()


def most_probes(fault: Fault, seconds: float) -> int:
    """The calls that a vendor gets in an outage of that length: some to notice it, then one after each rest.

    The rests of one that is too busy have full jitter: they are half as long on average.
    """
    shorter = 2 if fault is Fault.BUSY else 1
    probes, rest = FAILURES_TO_OPEN, RESTS.first
    while seconds > 0:
        seconds, probes = seconds - rest / shorter, probes + 1
        rest = min(rest * 2, RESTS.longest)
    return probes


@pytest.mark.parametrize("fault", [Fault.AWAY_503, Fault.BUSY])
@pytest.mark.parametrize(("kind", "vendor"), [("text", "openai"), ("image", "fal"), ("moderation", "openai")])
@pytest.mark.long
async def test_books_wait_for_a_vendor_that_is_away_or_too_busy_and_none_is_lost(
    kind: str, vendor: str, fault: Fault, simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    async with rich_press(simulator, database, cpu, tmp_path) as made:
        job_ids = [await made.order(SPEC) for _ in range(10)]
        simulator.goes_wrong(fault, kind=kind, times=None)
        async with working(made):
            while not (first := simulator.posts(kind=kind)):
                await asyncio.sleep(0.05)
            await asyncio.sleep(AWAY_SECONDS)
            asked = simulator.posts(kind=kind, vendor=vendor)
            simulator.works_again()
            ended = await all_ended(made, job_ids)
        await accounts_agree(made, simulator)
    assert first <= asked <= 1.2 * most_probes(fault, AWAY_SECONDS)
    assert {(job.status, job.error_code) for job in ended} == {("done", None)}


@pytest.mark.parametrize(("place", "fault"), [(Place.FILE, Fault.AWAY_503), (Place.LOOK, Fault.BUSY)])
@pytest.mark.long
async def test_a_book_whose_drawn_pictures_cannot_be_had_for_a_while_waits_and_pays_for_none_of_them_again(
    place: Place, fault: Fault, simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    async with rich_press(simulator, database, cpu, tmp_path) as made:
        job_id = await made.order(SPEC)
        simulator.goes_wrong(fault, vendor="fal", place=place, times=None)
        async with working(made), asyncio.timeout(120):
            while (await jobs_of(made, [job_id]))[0].waits_for is None:
                await asyncio.sleep(0.1)
            simulator.works_again()
            [ended] = await all_ended(made, [job_id])
        await accounts_agree(made, simulator)
        pages = [row.page for row in await made.calls() if row.vendor == "fal"]
    assert ended.status == "done"
    assert simulator.posts(vendor="fal") == len(pages) == len(set(pages))


def judged(simulator: Simulated) -> set[str]:
    """What moderation has given a verdict on, by the witness: calls that went wrong are not in its journal."""
    return {charge["body_sha256"] for charge in simulator.journal() if charge["kind"] == "moderation"}


async def draft_of(made: Press, job: Job) -> dict[str, Any]:
    async with made.kit.database.session() as session:
        drafts = await session.scalars(select(StoryDraftRow.draft).where(StoryDraftRow.job_id == job.id))
        return drafts.one()


async def cast_of(made: Press, job: Job) -> dict[str, Any]:
    of_cast = StepArtifact.step == Step.GENERATE_CHARACTER_SHEET, StepArtifact.page_number == WHOLE_BOOK
    async with made.kit.database.session() as session:
        casts = await session.scalars(select(StepArtifact.artifact).where(StepArtifact.job_id == job.id, *of_cast))
        return casts.one()


@pytest.fixture
def unwell(simulator: Simulated) -> Callable[[float], None]:
    """Moderation is slow, absent and malformed in turns: so many of its calls go wrong, and those are not charged."""

    def begin(share: float) -> None:
        for fault in (Fault.SLOW, Fault.HANG, Fault.AWAY_503, Fault.WRONG_JSON, Fault.WRONG_CONTENT, Fault.HALF_BODY):
            simulator.goes_wrong(fault, kind="moderation", times=None, share=share, seconds=SLOW_SECONDS, charged=False)

    return begin


@pytest.mark.parametrize(("share", "books"), [(0.02, 15), pytest.param(0.05, 10, marks=pytest.mark.long), (1.0, 5)])
async def test_nothing_is_published_without_a_verdict(
    share: float,
    books: int,
    unwell: Callable[[float], None],
    simulator: Simulated,
    database: Database,
    cpu: CpuPool,
    tmp_path: Path,
) -> None:
    unwell(share)
    async with rich_press(simulator, database, cpu, tmp_path) as made:
        for step in (Step.MODERATE_INPUT, Step.MODERATE_OUTPUT):
            made.kit.policies[step] = made.kit.policies[step]._replace(timeout=SLOW_SECONDS / 2)
        job_ids = [await made.order(SPEC) for _ in range(books)]
        async with working(made):
            if share == 1.0:
                await asyncio.sleep(AWAY_SECONDS)
                ended = await jobs_of(made, job_ids)
            else:
                ended = await all_ended(made, job_ids)
        verdicts, published = judged(simulator), 0
        for job in ended:
            if job.status == "done":
                book, draft = await made.book_of(job), await draft_of(made, job)
                assert about_words(book.title, [page.text for page in book.pages], draft) in verdicts
                assert about_looks(await cast_of(made, job)) in verdicts
                for page in book.pages:
                    picture = await made.kit.storage.get(page.image_key)
                    assert about_picture(picture.data) in verdicts
                    published += 1
    assert bool(published) is (share < 1.0)
    assert bool(verdicts) is (share < 1.0)


async def test_a_vendor_that_hangs_holds_up_no_other(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    async with rich_press(simulator, database, cpu, tmp_path) as made:
        finished = await made.book_of(await made.book(SPEC))
        simulator.goes_wrong(Fault.HANG, vendor="elevenlabs", times=None)
        async with made.kit.database.session() as session:
            voice = await orders.order_audio(session, made.user_id, finished.id, made.quotas)
        books = [await made.order(SPEC) for _ in range(3)]
        async with working(made):
            ended = await all_ended(made, books)
            [waiting] = await jobs_of(made, [voice])
    assert {job.status for job in ended} == {"done"}
    assert waiting.status == "running"

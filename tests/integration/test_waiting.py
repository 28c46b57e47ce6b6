"""Waiting for whoever judges: a book waits its turn or for its return, never without end, and is never called unsafe
by a silence.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from storybook.core.errors import ErrorCode, ProviderError, VendorAway
from storybook.domain.book_spec import BookSpec
from storybook.domain.moderation import Verdict
from storybook.main import make_kit
from storybook.models import Job
from storybook.pipeline.kit import Kit
from storybook.pipeline.runner import Runner
from storybook.providers.base import PictureCheck, TextCheck
from storybook.resources import Resources
from storybook.services import accounts, credits, jobs, orders, parking
from tests.conftest import ROOMY
from tests.fakes import FakeScreen

SPEC = BookSpec(topic="a fox and a light", target_age="5-7", style="watercolor", language="en", page_count=4)
BUSY = ProviderError("busy", code=ErrorCode.SAFETY_OUTPUT, retryable=True)
REFUSED = ProviderError("refused", code=ErrorCode.SAFETY_OUTPUT)
AWAY = VendorAway("away", code=ErrorCode.SAFETY_OUTPUT, retryable=True, retry_after=0.05)
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@dataclass
class SilentScreen(FakeScreen):
    """Has no verdict while there are errors left to raise."""

    on_request: list[ProviderError] = field(default_factory=list)
    on_picture: list[ProviderError] = field(default_factory=list)
    away: bool = False
    asked: int = 0

    async def judge_request(self, check: TextCheck) -> Verdict:
        self._raise(self.on_request)
        return await super().judge_request(check)

    async def judge_picture(self, check: PictureCheck) -> Verdict:
        self._raise(self.on_picture)
        return await super().judge_picture(check)

    def _raise(self, errors: list[ProviderError]) -> None:
        self.asked += 1
        if self.away:
            raise AWAY
        if errors:
            raise errors.pop()


@pytest.fixture
def screen() -> SilentScreen:
    return SilentScreen()


@dataclass
class House:
    kit: Kit
    resources: Resources
    user_id: str

    async def order(self) -> str:
        async with self.kit.database.session() as session:
            return (await orders.order_book(session, self.user_id, SPEC, ROOMY)).id

    async def job(self, job_id: str) -> Job:
        async with self.kit.database.session() as session:
            return await jobs.get(session, self.user_id, job_id)

    async def work(self, until: Callable[[], Awaitable[bool]]) -> None:
        runner = Runner(self.kit, self.resources.settings)
        runner.start()
        try:
            async with asyncio.timeout(20):
                while not await until():
                    await asyncio.sleep(0.02)
        finally:
            await runner.stop(grace_seconds=5)

    async def ended(self, job_id: str) -> tuple[str, str | None]:
        async def has_ended() -> bool:
            return (await self.job(job_id)).finished_at is not None

        await self.work(has_ended)
        job = await self.job(job_id)
        return job.status, job.error_code

    async def balance(self) -> int:
        async with self.kit.database.session() as session:
            return await credits.balance(session, self.user_id)


@pytest.fixture
async def house(resources: Resources) -> House:
    kit = make_kit(resources)
    at_once = {
        step: policy._replace(waits=(0.0,) * len(policy.waits), pause=0.0) for step, policy in kit.policies.items()
    }
    async with kit.database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="pepper"))
    return House(replace(kit, policies=at_once), resources, user_id)


async def test_a_request_whose_judge_is_busy_for_a_moment_becomes_a_book(house: House, screen: SilentScreen) -> None:
    screen.on_request = [BUSY, BUSY]
    assert await house.ended(await house.order()) == ("done", None)


@pytest.mark.parametrize("silence", [[BUSY] * 9, [REFUSED] * 9], ids=["busy", "refused"])
async def test_a_request_that_nobody_judges_fails_as_trouble_of_ours_with_its_credit_back(
    house: House, screen: SilentScreen, silence: list[ProviderError]
) -> None:
    screen.on_request = list(silence)
    assert await house.ended(await house.order()) == ("failed", "LLM_TIMEOUT")
    assert await house.balance() == 3


async def test_a_picture_that_nobody_judges_is_not_published(house: House, screen: SilentScreen, rows: Rows) -> None:
    screen.on_picture = [BUSY] * 99
    assert await house.ended(await house.order()) == ("failed", "LLM_TIMEOUT")
    assert await rows("SELECT count(*) FROM books") == [(0,)]
    assert await house.balance() == 3


async def test_a_book_waits_for_a_judge_who_is_away_and_is_made_when_it_is_back(
    house: House, screen: SilentScreen
) -> None:
    screen.away = True
    job_id = await house.order()

    async def asked_for_long() -> bool:
        return screen.asked >= 8

    await house.work(asked_for_long)
    assert (await house.job(job_id)).status == "queued"
    screen.away = False
    assert await house.ended(job_id) == ("done", None)


async def test_the_time_in_the_queue_is_not_time_that_a_vendor_was_waited_for(
    house: House, screen: SilentScreen, rows: Rows
) -> None:
    screen.away = True
    job_id = await house.order()
    await rows("UPDATE jobs SET created_at = now() - interval '31 minutes' RETURNING id")

    async def asked_once() -> bool:
        return screen.asked >= 1

    await house.work(asked_once)
    await rows("UPDATE step_artifacts SET created_at = now() - interval '31 minutes' RETURNING id")
    screen.asked = 0

    async def asked_again() -> bool:
        return screen.asked >= 2 or (await house.job(job_id)).finished_at is not None

    await house.work(asked_again)
    screen.away = False
    assert await house.ended(job_id) == ("done", None)


async def test_nobody_waits_for_ever(house: House, screen: SilentScreen, rows: Rows) -> None:
    screen.away = True
    job_id = await house.order()

    async def asked() -> bool:
        return screen.asked >= 1

    await house.work(asked)
    await rows("UPDATE jobs SET waited_seconds = 1800 - 0.2 RETURNING id")
    assert await house.ended(job_id) == ("failed", "LLM_TIMEOUT")
    assert screen.asked > 1
    assert await house.balance() == 3


async def test_a_wait_for_the_storage_is_no_work_and_leaves_patience_for_a_vendor(house: House, rows: Rows) -> None:
    job_id = await house.order()
    parked = "SELECT waits_for, round(waited_seconds), round(worked_seconds) FROM jobs"

    async def park(seconds: float, code: ErrorCode) -> bool:
        async with house.kit.database.session() as session:
            claim = await jobs.claim_next(session, owner="a runner", lease_seconds=900)
        assert claim
        await rows("UPDATE jobs SET working_since = now() - interval '100 seconds' RETURNING id")
        async with house.kit.database.session() as session:
            waits = await parking.park(session, claim, seconds, code, longest=1000)
        await rows("UPDATE jobs SET wait_until = NULL RETURNING id")
        return waits

    assert await park(20, ErrorCode.STORAGE_UPLOAD_FAILED)
    assert await park(20, ErrorCode.STORAGE_UPLOAD_FAILED)
    assert await rows(parked) == [("STORAGE_UPLOAD_FAILED", 240, 0)]
    assert await park(900, ErrorCode.IMAGE_FAILED)
    assert await rows(parked) == [("IMAGE_FAILED", 900, 100)]
    assert not await park(101, ErrorCode.IMAGE_FAILED)
    assert (await house.job(job_id)).error_code == ErrorCode.IMAGE_FAILED

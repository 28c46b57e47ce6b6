"""A book whose process is told to stop: the calls that are out are answered, and no other is begun."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.errors import ErrorCode, JobLeft, Leaving, VendorAway
from storybook.core.lease import Lease, now
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec
from storybook.domain.calls import Kind, Outcome
from storybook.domain.jobs import Step
from storybook.pipeline.runner import Runner
from storybook.providers.about import working_under
from storybook.providers.fallback import first_or_second
from tests.adapters.test_posts import OFFERED
from tests.fixtures_calls import STEPS, Notebook, bench, providers_of, settings_of, work_of
from tests.fixtures_press import press
from tests.fixtures_simulator import Simulated, settings_for

SPEC = BookSpec(topic="a fox and a light", target_age="5-7", style="watercolor", language="en", page_count=4)
HOUSE = {"llm": "openai", "image": "openai", "moderation": "openai,judge"}
GRACE = 25.0
CALL = 2.0


async def test_a_book_that_is_stopped_while_calls_are_out_pays_for_nothing_twice(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    simulator.takes(CALL, kind="image")
    async with press(settings_for(simulator, tmp_path, **HOUSE), database, cpu) as made:
        job_id = await made.order(SPEC)
        runner = Runner(made.kit, made.settings)
        runner.start()
        async with asyncio.timeout(60):
            while (out := simulator.posts(kind="image")) < 2:
                await asyncio.sleep(0.05)
        began = time.monotonic()
        await runner.stop(grace_seconds=GRACE)
        assert time.monotonic() - began < CALL + 3, "handed back as soon as no call is out"
        assert simulator.posts(kind="image") <= out + made.settings.image_max_concurrent - 1
        assert {call.outcome for call in await made.calls()} == {Outcome.OK}
        simulator.takes(0.0, kind="image")
        job = await made.ended(job_id)
        calls = await made.calls()
    assert (job.status, job.waited_seconds, job.recoveries) == ("done", 0, 0)
    assert simulator.charged() == sum(call.micro_dollars for call in calls)
    drawn = Counter(call.page for call in calls if call.kind == Kind.IMAGE)
    assert drawn.total() == len(drawn) >= 5


async def test_a_try_that_waits_for_its_vendor_is_left_at_once() -> None:
    leaving = asyncio.Event()

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.05, leaving.set)
        raise VendorAway("away", code=ErrorCode.IMAGE_FAILED, retryable=True, retry_after=20)

    with working_under(Lease(60, now()), leaving):
        async with asyncio.timeout(10):
            with pytest.raises(JobLeft):
                await bench(Settings(_env_file=None), timeout=5, pause=60).attempt(Step.GENERATE_IMAGES, work, page=1)


async def test_nobody_else_is_asked_in_place_of_a_vendor_that_is_left() -> None:
    asked: list[int] = []

    async def first(_: int) -> None:
        raise Leaving

    async def second(number: int) -> None:
        asked.append(number)

    with pytest.raises(Leaving):
        await first_or_second(first, second, 1)
    assert not asked


@pytest.mark.parametrize("adapter", sorted(OFFERED))
async def test_a_process_that_is_told_to_stop_begins_no_call_that_costs_something(
    adapter: str, simulator: Simulated, cpu: CpuPool, tmp_path: Path
) -> None:
    kind, notebook, leaving = Kind(adapter.partition(".")[0]), Notebook(), asyncio.Event()
    settings = settings_of(adapter, simulator, tmp_path)
    async with providers_of(settings, cpu, notebook) as providers:
        work = bench(settings, timeout=5)
        leaving.set()
        with working_under(Lease(60, now()), leaving):
            try:
                await work.attempt(STEPS[kind], work_of(kind, providers), page=1)
            except JobLeft:
                assert simulator.posts() == 0
    assert [row for row in notebook.rows if row.call.worst] == []

"""Jobs: who may work on one, and what may become of it."""

from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from storybook.core.database import Database
from storybook.core.errors import Conflict, ErrorCode, LeaseLost
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import MOVES, JobState, Step
from storybook.domain.orders import Claim
from storybook.models import Job
from storybook.services import accounts, artifacts, credits, jobs, orders
from tests.conftest import ROOMY

SPEC = BookSpec(topic="a fox", target_age="5-7", style="cartoon", language="en")
KEY_HASH = accounts.hash_user_key("a-key-of-a-user", pepper="pepper")


@dataclass
class Desk:
    """One user's jobs, each call in a transaction of its own."""

    database: Database
    user_id: str = ""

    async def ask(self) -> str:
        async with self.database.session() as session:
            self.user_id = await accounts.sign_in(session, KEY_HASH)
            return (await orders.order_book(session, self.user_id, SPEC, ROOMY)).id

    async def claim(self, lease_seconds: float = 30) -> Claim | None:
        async with self.database.session() as session:
            return await jobs.claim_next(session, owner="me", lease_seconds=lease_seconds)

    async def do(self, write: object, claim: Claim, *args: object) -> None:
        if write in (jobs.advance, artifacts.save):
            await write(self.database, claim, *args)  # type: ignore[operator]
            return
        async with self.database.session() as session:
            await write(session, claim, *args)  # type: ignore[operator]

    async def job(self, job_id: str) -> Job:
        async with self.database.session() as session:
            return await jobs.get(session, self.user_id, job_id)

    async def tell(self, **values: object) -> None:
        """Changes all jobs from outside."""
        async with self.database.session() as session:
            await session.execute(update(Job).values(**values))

    async def ask_in_another_version(self) -> str:
        """A book whose order has a field that this process does not know."""
        job_id = await self.ask()
        async with self.database.session() as session:
            job = await session.get_one(Job, job_id)
            job.request = job.request | {"binding": "spiral"}
        return job_id

    async def balance(self) -> int:
        async with self.database.session() as session:
            return await credits.balance(session, self.user_id)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_the_oldest_job_is_taken_first_and_only_once(desk: Desk) -> None:
    first, second = await desk.ask(), await desk.ask()
    claims = [await desk.claim() for _ in range(3)]
    assert [claim and claim.job_id for claim in claims] == [first, second, None]


async def test_a_job_whose_lease_ran_out_is_taken_over_and_its_old_runner_can_write_nothing(desk: Desk) -> None:
    job_id = await desk.ask()
    late = await desk.claim(lease_seconds=0)
    now = await desk.claim()
    assert late and now
    assert (now.job_id, now.fence) == (job_id, late.fence + 1)
    for write, arguments in (
        (jobs.advance, (Step.PACKAGE,)),
        (artifacts.save, (Step.NORMALIZE, -1, {})),
        (artifacts.forget, (Step.NORMALIZE, -1)),
        (jobs.finish, ()),
        (jobs.fail, (ErrorCode.UNKNOWN,)),
        (jobs.hand_back, ()),
    ):
        with pytest.raises(LeaseLost):
            await desk.do(write, late, *arguments)
    assert (await desk.job(job_id)).progress == 0


async def test_only_a_runner_that_died_at_work_may_have_died_of_its_job(desk: Desk) -> None:
    await desk.ask()
    for begins, recoveries in ((False, 0), (False, 0), (True, 0), (False, 1), (True, 1), (False, 2)):
        claim = await desk.claim(lease_seconds=0)
        assert claim and claim.recoveries == recoveries
        if begins:
            await desk.do(jobs.advance, claim, Step.NORMALIZE)
    claim = await desk.claim()
    assert claim
    await desk.do(artifacts.save, claim, Step.NORMALIZE, -1, {})
    assert (await desk.job(claim.job_id)).recoveries == 0


@pytest.mark.parametrize("counts", [jobs.renew, jobs.hand_back])
async def test_the_time_for_which_a_runner_was_frozen_is_no_work(desk: Desk, counts: object) -> None:
    job_id = await desk.ask()
    claim = await desk.claim()
    assert claim
    frozen = "UPDATE jobs SET working_since = now() - interval '1 hour', lease_until = now() - interval '59 minutes'"
    async with desk.database.session() as session:
        await session.execute(text(frozen))
    if counts is jobs.renew:
        async with desk.database.session() as session:
            assert 59 < await jobs.renew(session, claim, lease_seconds=30) < 61
    else:
        await desk.do(counts, claim)
    assert 59 < (await desk.job(job_id)).worked_seconds < 61


async def test_progress_never_goes_back(desk: Desk) -> None:
    job_id = await desk.ask()
    claim = await desk.claim()
    assert claim
    await desk.do(jobs.advance, claim, Step.GENERATE_IMAGES)
    await desk.do(jobs.advance, claim, Step.NORMALIZE)
    job = await desk.job(job_id)
    assert (job.progress, job.current_step) == (55, "generate_images")


async def test_a_failed_job_has_its_credit_back_and_a_sentence(desk: Desk) -> None:
    job_id = await desk.ask()
    claim = await desk.claim()
    assert claim
    assert await desk.balance() == 2
    await desk.do(jobs.fail, claim, ErrorCode.SAFETY_INPUT)
    job = await desk.job(job_id)
    assert (job.status, job.error_code) == ("failed", "SAFETY_INPUT")
    assert job.error_message and "gentler" in job.error_message
    assert await desk.balance() == 3


async def test_a_job_that_ended_never_runs_again(desk: Desk) -> None:
    await desk.ask()
    claim = await desk.claim()
    assert claim
    await desk.do(jobs.finish, claim)
    for write, arguments in ((jobs.fail, (ErrorCode.UNKNOWN,)), (jobs.finish, ()), (jobs.hand_back, ())):
        with pytest.raises(LeaseLost):
            await desk.do(write, claim, *arguments)
    assert await desk.claim() is None
    with pytest.raises(Conflict):
        async with desk.database.session() as session:
            await jobs.cancel(session, desk.user_id, claim.job_id)
    assert MOVES[JobState.DONE] == MOVES[JobState.FAILED] == frozenset()


@pytest.mark.parametrize("state", JobState)
async def test_every_writer_keeps_to_the_table_of_moves(desk: Desk, state: JobState) -> None:
    """Each move is tried from each state; the lease has run out, so that nothing but the table stands in the way."""
    job_id = await desk.ask()
    claim = await desk.claim(lease_seconds=0)
    assert claim
    failed = {"error_code": ErrorCode.UNKNOWN} if state is JobState.FAILED else {}
    lease = {} if state is JobState.RUNNING else {"lease_until": None}
    async with desk.database.session() as session:
        await session.execute(update(Job).values(status=state, progress=100, **lease, **failed))
    assert bool(await desk.claim(lease_seconds=0)) == (JobState.RUNNING in MOVES[state])
    async with desk.database.session() as session:
        await session.execute(update(Job).values(status=state, **lease, **failed))
    may_fail = JobState.FAILED in MOVES[state]
    with nullcontext() if may_fail else pytest.raises(Conflict):
        async with desk.database.session() as session:
            await jobs.cancel(session, desk.user_id, job_id)
    assert ((await desk.job(job_id)).status == JobState.FAILED) == (may_fail or state is JobState.FAILED)


async def test_a_job_handed_back_waits_for_the_next_runner(desk: Desk) -> None:
    job_id = await desk.ask()
    claim = await desk.claim()
    assert claim
    await desk.do(jobs.hand_back, claim)
    again = await desk.claim()
    assert again
    assert (again.job_id, again.recoveries) == (job_id, 0)


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "done", "progress": 50, "lease_until": None},
        {"status": "failed", "lease_until": None},
        {"status": "nonsense"},
        {"progress": 101},
        {"error_code": "MADE_UP", "status": "failed", "lease_until": None},
        {"lease_until": None},
    ],
)
async def test_the_database_refuses_a_job_that_contradicts_itself(desk: Desk, broken: dict[str, object]) -> None:
    job_id = await desk.ask()
    await desk.claim()
    with pytest.raises(IntegrityError):
        async with desk.database.session() as session:
            await session.execute(update(Job).where(Job.id == job_id).values(**broken))


async def test_an_order_of_a_newer_version_rests_with_its_credit_and_holds_no_other_up(desk: Desk) -> None:
    newer, older = await desk.ask_in_another_version(), await desk.ask()
    claim = await desk.claim()
    assert claim and claim.job_id == older
    job = await desk.job(newer)
    assert (job.status, job.lease_owner, job.waits_for, job.waited_seconds) == ("queued", None, "UNKNOWN", 30)
    assert await desk.balance() == 1
    assert await desk.claim() is None, "it rests"
    await desk.tell(request=claim.order.model_dump(mode="json"), wait_until=None)
    assert (again := await desk.claim()) and (again.job_id, again.recoveries) == (newer, 0)


async def test_an_order_that_nobody_can_read_for_long_ends_with_its_credit_back(desk: Desk) -> None:
    job_id = await desk.ask_in_another_version()
    await desk.tell(waits_for="UNKNOWN", waited_seconds=1770)
    assert await desk.claim() is None
    assert (await desk.job(job_id)).status == "queued"
    await desk.tell(wait_until=None)
    assert await desk.claim() is None
    job = await desk.job(job_id)
    assert (job.status, job.error_code, await desk.balance()) == ("failed", "UNKNOWN", 3)


async def test_time_that_a_vendor_was_waited_for_is_no_wait_for_a_newer_version(desk: Desk) -> None:
    job_id = await desk.ask_in_another_version()
    await desk.tell(waits_for="IMAGE_FAILED", waited_seconds=1790)
    assert await desk.claim() is None
    assert (await desk.job(job_id)).waited_seconds == 30


@pytest.mark.parametrize("ends", ["by its reader", "with its book"])
async def test_an_order_that_cannot_be_read_can_be_stopped_in_the_language_of_its_book(desk: Desk, ends: str) -> None:
    job_id = await desk.ask_in_another_version()
    async with desk.database.session() as session:
        job = await session.get_one(Job, job_id)
        job.request = job.request | {"spec": job.request["spec"] | {"language": "ko", "moods": []}}
    async with desk.database.session() as session:
        if ends == "by its reader":
            await jobs.cancel(session, desk.user_id, job_id)
        else:
            await jobs.forget(session, (Job.id == job_id,))
    job = await desk.job(job_id)
    assert (job.error_code, await desk.balance()) == ("CANCELLED", 3)
    assert job.error_message and job.error_message.startswith("만들기를 멈추었어요.")


async def test_times_are_the_databases_own(desk: Desk) -> None:
    await desk.ask()
    await desk.claim(lease_seconds=30)
    async with desk.database.session() as session:
        left = await session.scalar(text("SELECT extract(epoch FROM lease_until - now()) FROM jobs"))
    assert 25 < float(left) <= 30

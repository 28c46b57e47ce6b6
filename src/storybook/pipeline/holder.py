"""One job from its claim to its end, under a lease that is renewed meanwhile."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core import telemetry
from storybook.core.database import passes, patiently
from storybook.core.errors import ErrorCode, JobFailed, JobLeft, JobParked, LeaseLost
from storybook.core.lease import Lease, now
from storybook.core.metrics import DONE, count_job, expect_jobs
from storybook.core.settings import Settings
from storybook.domain.jobs import KINDS_IN, LONGEST_SECONDS, MAX_RECOVERIES, JobKind, Lane
from storybook.domain.orders import Claim
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import for_the_job
from storybook.pipeline.under_way import of_job
from storybook.pipeline.work import work_on
from storybook.providers.about import working_under
from storybook.services import jobs, parking

log = structlog.get_logger()

T = TypeVar("T")
STOP_SECONDS = 1.0
"""For a renewal that is late already."""
HAND_BACK_SECONDS = 1.5
"""For the last word of a process that is told to stop."""
AWAY_SECONDS = 1.0
"""How long a job rests that the database let down."""


def slots_of(settings: Settings) -> dict[Lane, int]:
    """How many jobs of each lane one process works on at once."""
    return {Lane.BOOKS: settings.jobs_in_process, Lane.SHORT: settings.short_jobs_in_process}


class LeaseHolder:
    """Takes jobs from the table and works on them, any number at once."""

    def __init__(self, kit: Kit, settings: Settings, on_parked: Callable[[float], None] = lambda _: None) -> None:
        """`on_parked` hears after how many seconds a job that was given back can be taken again."""
        self._kit = kit
        self._settings = settings
        self._on_parked = on_parked
        self._leaving = asyncio.Event()
        self._owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        expect_jobs(JobKind)

    def retire(self) -> None:
        """From now on no call begins that costs something: a job that needs one is handed back."""
        self._leaving.set()

    async def claim(self, lane: Lane, *, alone: bool = True) -> Claim | None:
        """The job of this lane that comes next, unless that goes alone and would not be `alone` here; None also while
        the database is away.
        """
        lease, kinds = self._settings.lease_seconds, KINDS_IN[lane]
        try:
            async with self._kit.database.session() as session:
                return await jobs.claim_next(session, owner=self._owner, lease_seconds=lease, kinds=kinds, alone=alone)
        except (SQLAlchemyError, OSError) as error:
            log.warning("database_away", exc_info=error)
            return None

    async def work(self, claim: Claim) -> None:
        """One job from its claim to its end; never raises, except when it is cancelled, which hands the job back."""
        with of_job(claim):
            log.info("job_started")
            try:
                await self._work_under_lease(claim, Lease(self._settings.lease_seconds, claim.asked_at))
            except asyncio.CancelledError:
                telemetry.tell(outcome="handed_back")
                await self._hand_back_at_once(claim)
                raise
            except BaseExceptionGroup as failures:
                await self._end(claim, cause_of(failures))
            else:
                _tell_done(claim)

    async def _work_under_lease(self, claim: Claim, lease: Lease) -> None:
        async with asyncio.TaskGroup() as group:
            heartbeat = group.create_task(self._keep_lease(claim, lease))
            if claim.recoveries >= MAX_RECOVERIES:
                raise JobFailed(ErrorCode.UNKNOWN, "taken over too often without coming further")
            with working_under(lease, self._leaving):
                await work_on(claim, self._kit)
            heartbeat.cancel()

    async def _keep_lease(self, claim: Claim, lease: Lease) -> None:
        """Renews the lease until it is cancelled; what it raises stops all work on the job: LeaseLost where somebody
        else has it, TimeoutError where nobody can say so before it may be over, JobFailed where it was worked on for
        JOB_SLA_SECONDS by the database's count.
        """
        left = self._settings.job_sla_seconds - claim.worked_seconds
        while left > 0:
            await asyncio.sleep(min(self._settings.heartbeat_seconds, left))
            async with asyncio.timeout(max(lease.left, STOP_SECONDS)):
                worked = await patiently(lambda: self._renew(claim, lease), self._settings.lease_seconds)
            left = self._settings.job_sla_seconds - worked
        raise JobFailed(ErrorCode.UNKNOWN, "the job was worked on for JOB_SLA_SECONDS")

    async def _renew(self, claim: Claim, lease: Lease) -> float:
        """For how long the job was worked on. It does not wait for a connection behind the work of all jobs."""
        asked_at = now()
        async with self._kit.database.reserve.session() as session:
            worked = await jobs.renew(session, claim, lease_seconds=self._settings.lease_seconds)
        lease.renewed(asked_at)
        return worked

    async def _end(self, claim: Claim, cause: BaseException) -> None:
        """What becomes of a job that could not be finished."""
        match cause := for_the_job(cause):
            case LeaseLost():
                await self._leave(claim)
            case JobLeft():
                telemetry.tell(outcome="handed_back")
                await self._write_last(claim, lambda session: parking.leave(session, claim))
            case JobParked():
                await self._park(claim, cause)
            case JobFailed(code=code):
                await self._fail(claim, code, cause)
            case SQLAlchemyError() | TimeoutError() if passes(cause):
                telemetry.tell(outcome="handed_back")
                log.warning("database_away", exc_info=cause)
                await self._write_last(claim, lambda session: jobs.hand_back(session, claim, wait_seconds=AWAY_SECONDS))
            case DBAPIError():
                await self._fail(claim, ErrorCode.DB_WRITE_FAILED, cause)
            case _:
                await self._fail(claim, ErrorCode.UNKNOWN, cause)

    async def _park(self, claim: Claim, parked: JobParked) -> None:
        """Gives the job back for as long as it has to wait, or ends it where that takes too long."""
        seconds, code = parked.seconds, parked.code
        waits = await self._write_last(
            claim, lambda session: parking.park(session, claim, seconds, code, longest=LONGEST_SECONDS)
        )
        if waits is not None:
            telemetry.tell(outcome="parked" if waits else "failed", code=code)
            log.info("job_parked" if waits else "job_waited_too_long", seconds=seconds, code=code, exc_info=parked)
            self._on_parked(seconds)
        if waits is False:
            _count(claim, code)

    async def _fail(self, claim: Claim, code: ErrorCode, cause: BaseException) -> None:
        telemetry.tell(outcome="failed", code=code)
        log.error("job_failed", code=code, exc_info=cause)
        _count(claim, code)
        await self._write_last(claim, lambda session: jobs.fail(session, claim, code))

    async def _leave(self, claim: Claim) -> None:
        """The job is somebody else's, or has ended; by us, where the answer to our last word was lost."""
        if await self._write_last(claim, lambda session: parking.finished_after_all(session, claim)):
            _tell_done(claim)
        else:
            telemetry.tell(outcome="lease_lost")
            log.warning("lease_lost")

    async def _hand_back_at_once(self, claim: Claim) -> None:
        try:
            async with asyncio.timeout(HAND_BACK_SECONDS):
                await self._write_last(claim, lambda session: parking.leave(session, claim))
        except TimeoutError:
            log.warning("not_handed_back")

    async def _write_last(self, claim: Claim, write: Callable[[AsyncSession], Awaitable[T]]) -> T | None:
        """Our last word about a job, tried again while the database is away.

        Where it cannot be said, the lease runs out and another runner goes on.
        """

        async def transaction() -> T:
            async with self._kit.database.reserve.session() as session:
                return await write(session)

        try:
            return await patiently(transaction)
        except LeaseLost:
            await self._leave(claim)
        except (SQLAlchemyError, OSError) as error:
            log.warning("not_handed_back", exc_info=error)
        return None


def _tell_done(claim: Claim) -> None:
    telemetry.tell(outcome="done")
    log.info("job_done")
    _count(claim, DONE)


def _count(claim: Claim, outcome: str) -> None:
    count_job(claim.kind, outcome, claim.age + now() - claim.asked_at)


def cause_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one failure of a group that decides what becomes of the job: a lost lease before all others."""
    leaves: list[BaseException] = []
    pending: list[BaseException] = [failures]
    while pending:
        failure = pending.pop(0)
        if isinstance(failure, BaseExceptionGroup):
            pending.extend(failure.exceptions)
        else:
            leaves.append(failure)
    ranks = (LeaseLost, JobFailed)
    return min(leaves, key=lambda leaf: next((n for n, kind in enumerate(ranks) if isinstance(leaf, kind)), len(ranks)))

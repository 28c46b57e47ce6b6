"""Takes jobs from the table and works on them, in this process. The row in `jobs` is the queue."""

import asyncio
import os
import secrets
import socket
from typing import NamedTuple

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from storybook.core.errors import ErrorCode, JobFailed, LeaseLost, StorageError
from storybook.core.settings import Settings
from storybook.domain.jobs import MAX_RECOVERIES, SHORT_KINDS, JobKind
from storybook.domain.orders import Claim
from storybook.pipeline.kit import Kit
from storybook.pipeline.work import work_on
from storybook.services import devices, files, idempotency, jobs, limits, quotas

log = structlog.get_logger()


class Lane(NamedTuple):
    """Room for some kinds of jobs, which no other kind takes up."""

    kinds: frozenset[JobKind]
    slots: int
    working: set[asyncio.Task[None]]


class Runner:
    """Works on up to `jobs_in_process` books and `short_jobs_in_process` other jobs at once.

    `wake` is a hint; the table is looked at anyway.
    """

    def __init__(self, kit: Kit, settings: Settings) -> None:
        self._kit = kit
        self._settings = settings
        self._owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._awake = asyncio.Event()
        self._stopping = False
        self._lanes = (
            Lane(frozenset({JobKind.BOOK}), settings.jobs_in_process, set()),
            Lane(SHORT_KINDS, settings.short_jobs_in_process, set()),
        )
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run(), name="runner")

    def wake(self) -> None:
        """There may be work."""
        self._awake.set()

    @property
    def healthy(self) -> bool:
        """Whether it looks for jobs and will go on doing so."""
        return self._loop is not None and not self._loop.done() and not self._stopping

    async def stop(self, *, grace_seconds: float) -> None:
        """Claims nothing more, gives running jobs `grace_seconds` to end, then hands the rest back."""
        self._stopping = True
        self.wake()
        if self._loop:
            await self._loop
        working = set[asyncio.Task[None]]().union(*(lane.working for lane in self._lanes))
        if working:
            _, unfinished = await asyncio.wait(working, timeout=grace_seconds)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping:
            self._awake.clear()
            await self._tidy()
            for lane in self._lanes:
                await self._fill(lane)
            try:
                await asyncio.wait_for(self._awake.wait(), self._settings.sweep_seconds)
            except TimeoutError:
                continue

    async def _fill(self, lane: Lane) -> None:
        while not self._stopping and len(lane.working) < lane.slots:
            claim = await self._claim(lane)
            if claim is None:
                return
            self._begin(claim, lane)

    async def _tidy(self) -> None:
        """Removes files that nobody needs any more, and what was kept for a time that is over."""
        try:
            await files.remove_discarded(self._kit.database, self._kit.storage)
            async with self._kit.database.session() as session:
                await idempotency.forget_expired(session)
                await devices.forget_expired(session)
                await limits.forget_expired(session)
                await quotas.forget_old_gifts(session)
        except (StorageError, DBAPIError, OSError, TimeoutError) as error:
            log.warning("not_tidied", exc_info=error)

    async def _claim(self, lane: Lane) -> Claim | None:
        lease = self._settings.lease_seconds
        try:
            async with self._kit.database.session() as session:
                return await jobs.claim_next(session, owner=self._owner, lease_seconds=lease, kinds=lane.kinds)
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("database_away", exc_info=error)
            return None

    def _begin(self, claim: Claim, lane: Lane) -> None:
        task = asyncio.create_task(self._work(claim), name=claim.job_id)
        lane.working.add(task)
        task.add_done_callback(lane.working.discard)
        task.add_done_callback(lambda _: self.wake())

    async def _work(self, claim: Claim) -> None:
        """One job from its claim to its end; never raises, except when it is cancelled."""
        structlog.contextvars.bind_contextvars(job_id=claim.job_id, fence=claim.fence)
        log.info("job_started")
        try:
            await self._work_under_lease(claim)
        except asyncio.CancelledError:
            await self._hand_back(claim)
            raise
        except BaseExceptionGroup as failures:
            await self._end(claim, cause_of(failures))
        else:
            log.info("job_done")

    async def _work_under_lease(self, claim: Claim) -> None:
        async with asyncio.TaskGroup() as group:
            heartbeat = group.create_task(self._keep_lease(claim))
            if claim.recoveries >= MAX_RECOVERIES:
                raise JobFailed(ErrorCode.UNKNOWN, "taken over too often without coming further")
            try:
                async with asyncio.timeout(self._settings.job_sla_seconds):
                    await work_on(claim, self._kit)
            except TimeoutError as error:
                raise JobFailed(ErrorCode.UNKNOWN, "the job took longer than JOB_SLA_SECONDS") from error
            heartbeat.cancel()

    async def _keep_lease(self, claim: Claim) -> None:
        """Renews the lease until it is cancelled; raises LeaseLost, which stops all work on the job."""
        while True:
            await asyncio.sleep(self._settings.heartbeat_seconds)
            async with asyncio.timeout(self._settings.lease_seconds - self._settings.heartbeat_seconds):
                async with self._kit.database.session() as session:
                    await jobs.renew(session, claim, lease_seconds=self._settings.lease_seconds)

    async def _end(self, claim: Claim, cause: BaseException) -> None:
        """What becomes of a job that could not be finished."""
        match cause:
            case LeaseLost():
                await self._leave(claim)
            case JobFailed(code=code):
                log.warning("job_failed", code=code, exc_info=cause)
                await self._fail(claim, code)
            case StorageError():
                log.error("job_failed", code=ErrorCode.STORAGE_UPLOAD_FAILED, exc_info=cause)
                await self._fail(claim, ErrorCode.STORAGE_UPLOAD_FAILED)
            case OperationalError() | InterfaceError() | OSError():
                log.warning("database_away", exc_info=cause)
            case DBAPIError():
                log.error("job_failed", code=ErrorCode.DB_WRITE_FAILED, exc_info=cause)
                await self._fail(claim, ErrorCode.DB_WRITE_FAILED)
            case _:
                log.error("job_failed", code=ErrorCode.UNKNOWN, exc_info=cause)
                await self._fail(claim, ErrorCode.UNKNOWN)

    async def _fail(self, claim: Claim, code: ErrorCode) -> None:
        try:
            async with self._kit.database.session() as session:
                await jobs.fail(session, claim, code)
        except LeaseLost:
            log.warning("lease_lost")
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("database_away", exc_info=error)

    async def _leave(self, claim: Claim) -> None:
        log.warning("lease_lost")
        try:
            async with self._kit.database.session() as session:
                await jobs.clean_up_after_lost_lease(session, claim)
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("database_away", exc_info=error)

    async def _hand_back(self, claim: Claim) -> None:
        try:
            async with self._kit.database.session() as session:
                await jobs.hand_back(session, claim)
        except (LeaseLost, DBAPIError, OSError, TimeoutError) as error:
            log.warning("not_handed_back", exc_info=error)


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

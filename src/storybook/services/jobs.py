"""Jobs. The only writer of a job's state.

All times are the database's. A claim's fence must still be the job's own for any write to happen.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Interval, ScalarSelect, delete, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core import telemetry
from storybook.core.database import Database
from storybook.core.errors import Conflict, ErrorCode, LeaseLost, NoSuchBook
from storybook.core.ids import new_id
from storybook.core.lease import now
from storybook.core.notifications import FREE_JOBS
from storybook.domain.book_spec import Language
from storybook.domain.credits import PRICES
from storybook.domain.failures import sentence_for
from storybook.domain.jobs import DONE_SLUG, LONGEST_SECONDS, PROGRESS_DONE, UNFINISHED, JobKind, JobState, Step
from storybook.domain.orders import Claim, Order, fingerprint, language_of, read_order
from storybook.domain.pictures import MAX_SEED
from storybook.models import ImagePromptRow, Job, JobPhoto, StepArtifact, StoryDraftRow
from storybook.services import budget, credits, fencing, files, queueing, quotas
from storybook.services.accounts import UserRef, owner
from storybook.services.quotas import Quotas

log = structlog.get_logger()

FORGOTTEN: dict[str, Any] = {}
"""In the place of an order whose book is deleted; `read_order` refuses it."""
UNREAD_REST = 30.0
"""Seconds that a job rests in the queue whose order its runner cannot read."""


async def start(
    session: AsyncSession, user_id: str, kind: JobKind, order: Order, allowed: Quotas, *, retry_of: str | None = None
) -> Job:
    """A new queued job with its price held.

    Raises PaymentRequired without enough credits, what `quotas.require_room` raises for one too many, and
    BudgetExceeded for one that could cost too much.
    """
    request = order.model_dump(mode="json")
    job = Job(
        id=new_id("job"),
        user_id=user_id,
        kind=kind,
        request=request,
        retry_of=retry_of,
        request_hash=fingerprint(kind, request),
        seed=secrets.randbelow(MAX_SEED) + 1,
        asset_token=secrets.token_urlsafe(16),
        traceparent=telemetry.traceparent(),
    )
    session.add(job)
    await session.flush()
    await session.refresh(job)
    await credits.hold(session, user_id, job.id, kind)
    await quotas.require_room(session, user_id, kind, allowed)
    await budget.reserve(session, job.id, user_id, allowed.spending.worst(order), allowed.spending.caps)
    return job


async def find_under_way(session: AsyncSession, user_id: str, kind: JobKind, order: Order) -> str | None:
    """The id of the user's unfinished job for the same order."""
    same = select(Job.id).where(
        Job.user_id == user_id,
        Job.request_hash == fingerprint(kind, order.model_dump(mode="json")),
        Job.status.in_(UNFINISHED),
    )
    return await session.scalar(same.limit(1))


async def get(session: AsyncSession, user: UserRef, job_id: str) -> Job:
    """The user's job; raises NotFound, for somebody else's too."""
    if job := await session.scalar(select(Job).where(Job.id == job_id, Job.user_id == owner(user))):
        return job
    raise NoSuchBook


async def claim_next(
    session: AsyncSession,
    *,
    owner: str,
    lease_seconds: float,
    kinds: Collection[JobKind] = tuple(JobKind),
    alone: bool = True,
) -> Claim | None:
    """Takes a job of these kinds that waits, or whose runner let its lease run out.

    It is the oldest of a user for whom the fewest of these kinds are being worked on. One that goes alone is taken by
    none that has others at work, which is not `alone`; orders that this process cannot read are left to others.
    """
    asked_at = now()
    told = {"new_owner": owner, "lease": timedelta(seconds=lease_seconds), "alone": alone}
    while row := await session.scalar(queueing.taking_next(tuple(kinds)), told):
        if row.fence > 1:
            await budget.leave_outside(session, row.id, row.fence, broken_off=row.waits_for is None)
        try:
            order = read_order(JobKind(row.kind), row.request)
        except ValidationError:
            await _leave_unread(session, row)
        else:
            return _claimed(row, order, asked_at)
    return None


def _claimed(row: Job, order: Order, asked_at: float) -> Claim:
    return Claim(
        job_id=row.id,
        user_id=row.user_id,
        kind=JobKind(row.kind),
        order=order,
        seed=row.seed,
        asset_token=row.asset_token,
        fence=row.fence,
        recoveries=row.recoveries,
        worked_seconds=row.worked_seconds,
        asked_at=asked_at,
        age=((row.working_since or row.created_at) - row.created_at).total_seconds(),
        traceparent=row.traceparent,
    )


async def _leave_unread(session: AsyncSession, job: Job) -> None:
    """Gives back a job whose order a newer process may be able to read; it ends when it has waited too long for one."""
    log.warning("order_not_readable", job_id=job.id)
    waited = UNREAD_REST + (job.waited_seconds if job.waits_for == ErrorCode.UNKNOWN else 0.0)
    if waited > LONGEST_SECONDS:
        await _end_here(session, job, ErrorCode.UNKNOWN, language_of(job.request))
        return
    job.status, job.revision = JobState.QUEUED, job.revision + 1
    job.lease_owner, job.lease_until, job.wait_until = None, None, _from_now(UNREAD_REST)
    job.waits_for, job.waited_seconds = ErrorCode.UNKNOWN, waited
    await session.flush()


async def _end_here(session: AsyncSession, job: Job, code: ErrorCode, language: Language) -> None:
    """Ends a job from outside its lease: the reader stops it, or nobody could read its order for long."""
    if job.status not in UNFINISHED:
        raise ValueError(f"a job that is {job.status} cannot fail")
    kind = JobKind(job.kind)
    job.status, job.revision = JobState.FAILED, job.revision + 1
    for name, value in _failure(code, kind, language).items():
        setattr(job, name, value)
    await session.flush()
    await _undo(session, job.user_id, job.id, job.asset_token)
    await session.refresh(job)


async def renew(session: AsyncSession, claim: Claim, *, lease_seconds: float) -> float:
    """Prolongs the lease, which is no news to readers; raises LeaseLost when it is somebody else's by now.

    Returns for how many seconds the job was worked on in all.
    """
    values = {"revision": Job.revision, "lease_until": _from_now(lease_seconds), **fencing.BEGUN, **_count_the_work()}
    renewed = fencing.change(JobState.RUNNING, **values).returning(Job.worked_seconds)
    if row := (await session.execute(renewed, fencing.told(claim))).one_or_none():
        return float(row.worked_seconds)
    raise LeaseLost(claim.job_id)


async def hand_back(session: AsyncSession, claim: Claim, *, wait_seconds: float = 0.0, **noted: Any) -> None:
    """Gives an unfinished job back: another runner can take it once the wait is over, and is told where there is none.

    `noted` are more columns of the job.
    """
    free = {"lease_owner": None, "lease_until": None, "wait_until": _from_now(wait_seconds)}
    await _write(session, claim, JobState.QUEUED, **(free | _count_the_work() | noted))
    if not wait_seconds:
        await session.execute(select(func.pg_notify(FREE_JOBS, claim.job_id)))


WORKED = Job.worked_seconds + func.extract("epoch", func.least(func.now(), Job.lease_until) - Job.working_since)
"""With the time since the claim, or since it was last counted. A runner that died adds none, and one that was frozen no
more than its lease."""


def _count_the_work() -> dict[str, Any]:
    return {"worked_seconds": WORKED, "working_since": func.now()}


async def advance(database: Database, claim: Claim, step: Step, progress: int | None = None) -> None:
    """Shows where the job is. Progress never goes back."""
    if not await database.insist(fencing.ADVANCE, **fencing.told(claim, (step, progress))):
        raise LeaseLost(claim.job_id)


async def finish(session: AsyncSession, claim: Claim, note: str | None = None) -> None:
    """Ends the job as done, with a note for its reader, and spends its credit."""
    await _write(
        session,
        claim,
        JobState.DONE,
        progress=PROGRESS_DONE,
        note=note,
        current_step=DONE_SLUG,
        lease_owner=None,
        lease_until=None,
        finished_at=func.now(),
    )
    await credits.capture(session, claim.user_id, claim.job_id)
    await budget.close(session, claim.job_id)


async def fail(session: AsyncSession, claim: Claim, code: ErrorCode) -> None:
    """The one door of failure: ends the job with a code, gives its credit back and discards its files."""
    await _write(session, claim, JobState.FAILED, **_failure(code, claim.kind, claim.order.language))
    await _undo(session, claim.user_id, claim.job_id, claim.asset_token)


async def cancel(session: AsyncSession, user_id: str, job_id: str) -> Job:
    """Ends a job that has not ended yet; whoever works on it finds its lease gone. Raises Conflict for others."""
    owned = select(Job).where(Job.id == job_id, Job.user_id == user_id).with_for_update()
    job = await session.scalar(owned)
    if job is None:
        raise NoSuchBook
    if job.status not in UNFINISHED:
        raise Conflict("This has ended already and cannot be stopped any more.")
    await _end_here(session, job, ErrorCode.CANCELLED, language_of(job.request))
    return job


async def end_all_of(session: AsyncSession, user_id: str) -> dict[str, datetime | None]:
    """Ends all unfinished jobs of a user who leaves. Where one was worked on: its asset token, and its lease's end."""
    unfinished = select(Job).where(Job.user_id == user_id, Job.status.in_(UNFINISHED))
    at_work: dict[str, datetime | None] = {}
    for job in await session.scalars(unfinished.order_by(Job.id).with_for_update()):
        if job.status == JobState.RUNNING:
            at_work[job.asset_token] = job.lease_until
        await _end_here(session, job, ErrorCode.CANCELLED, Language.EN)
    return at_work


def of_book(user_id: str, book_id: str, made_by: str) -> tuple[ColumnElement[bool], ...]:
    """The jobs for a book: every try to make it, and all that was asked for its pages, voices and pictures."""
    first = select(func.coalesce(Job.retry_of, Job.id)).where(Job.id == made_by).scalar_subquery()
    return Job.user_id == user_id, or_(of_order(first), Job.request["book_id"].astext == book_id)


def of_order(first: str | ScalarSelect[str]) -> ColumnElement[bool]:
    """All tries of an order; `first` is the job that was asked for first."""
    return or_(Job.id == first, Job.retry_of == first)


async def forget(session: AsyncSession, which: tuple[ColumnElement[bool], ...]) -> None:
    """Ends these jobs where they go on, and removes what they were asked and all that their steps have left; all
    files that they made go too, whatever they belong to.

    That they were there, and how they ended, stays.
    """
    found = list(await session.scalars(select(Job).where(*which).order_by(Job.id).with_for_update()))
    for job in found:
        if job.status in UNFINISHED:
            await _end_here(session, job, ErrorCode.CANCELLED, language_of(job.request))
        job.request, job.request_hash = FORGOTTEN, b""
    await session.flush()
    await files.discard(session, *sorted(f"{files.folder_of(job.asset_token)}/" for job in found))
    for table in (StoryDraftRow, ImagePromptRow, StepArtifact):
        await session.execute(delete(table).where(table.job_id.in_([job.id for job in found])))


def _failure(code: ErrorCode, kind: JobKind, language: Language) -> dict[str, Any]:
    return {
        "error_code": code,
        "error_message": sentence_for(code, language, credit_back=PRICES[kind] > 0),
        "lease_owner": None,
        "lease_until": None,
        "finished_at": func.now(),
    }


async def _undo(session: AsyncSession, user_id: str, job_id: str, asset_token: str) -> None:
    await credits.release(session, user_id, job_id)
    await budget.close(session, job_id)
    await files.discard(session, files.folder_of(asset_token) + "/")
    await session.execute(delete(JobPhoto).where(JobPhoto.job_id == job_id))


async def _write(session: AsyncSession, claim: Claim, state: JobState, **values: Any) -> None:
    """Every later write of a job's row: only by the holder of the lease, only along the table of moves."""
    if await session.scalar(fencing.change(state, **values), fencing.told(claim)) is None:
        raise LeaseLost(claim.job_id)


def _from_now(seconds: float) -> Any:
    return func.now() + literal(timedelta(seconds=seconds), Interval)

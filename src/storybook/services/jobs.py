"""Jobs. The only writer of a job's state.

All times are the database's. A claim's fence must still be the job's own for any write to happen.
"""

import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Interval, Select, Update, case, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import Conflict, ErrorCode, LeaseLost, NoSuchBook
from storybook.core.ids import new_id
from storybook.domain.book_spec import Language
from storybook.domain.credits import PRICES
from storybook.domain.failures import sentence_for
from storybook.domain.jobs import (
    DONE_SLUG,
    MOVES,
    PROGRESS_AT_START,
    PROGRESS_DONE,
    JobKind,
    JobState,
    Step,
)
from storybook.domain.orders import Claim, Order, read_order
from storybook.domain.pictures import MAX_SEED
from storybook.models import Job, JobPhoto
from storybook.services import credits, files
from storybook.services.accounts import UserRef, owner


async def start(session: AsyncSession, user_id: str, kind: JobKind, order: Order) -> Job:
    """A new queued job with its price held; raises PaymentRequired without enough credits."""
    request = order.model_dump(mode="json")
    job = Job(
        id=new_id("job"),
        user_id=user_id,
        kind=kind,
        request=request,
        request_hash=fingerprint(kind, request),
        seed=secrets.randbelow(MAX_SEED) + 1,
        asset_token=secrets.token_urlsafe(16),
    )
    session.add(job)
    await session.flush()
    await session.refresh(job)
    await credits.hold(session, user_id, job.id, kind)
    return job


async def find_under_way(session: AsyncSession, user_id: str, kind: JobKind, order: Order) -> str | None:
    """The id of the user's unfinished job for the same order."""
    same = select(Job.id).where(
        Job.user_id == user_id,
        Job.request_hash == fingerprint(kind, order.model_dump(mode="json")),
        Job.status.in_((JobState.QUEUED, JobState.RUNNING)),
    )
    return await session.scalar(same.limit(1))


def fingerprint(kind: JobKind, request: dict[str, Any]) -> bytes:
    """The same for the same request, whatever the order of its keys."""
    canonical = json.dumps({"kind": kind, "request": request}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


async def get(session: AsyncSession, user: UserRef, job_id: str) -> Job:
    """The user's job; raises NotFound, for somebody else's too."""
    if job := await session.scalar(select(Job).where(Job.id == job_id, Job.user_id == owner(user))):
        return job
    raise NoSuchBook


async def claim_next(session: AsyncSession, *, owner: str, lease_seconds: float) -> Claim | None:
    """Takes the oldest job that waits, or whose runner let its lease run out."""
    waiting = _next_waiting().scalar_subquery()
    row = (
        await session.execute(
            update(Job)
            .where(Job.id == waiting)
            .values(
                status=JobState.RUNNING,
                fence=Job.fence + 1,
                recoveries=Job.recoveries + case((Job.status == JobState.RUNNING, 1), else_=0),
                lease_owner=owner,
                lease_until=_from_now(lease_seconds),
            )
            .returning(Job)
        )
    ).scalar_one_or_none()
    if row is None:
        return None
    try:
        order = read_order(JobKind(row.kind), row.request)
    except ValidationError:
        await _end_here(session, row, ErrorCode.UNKNOWN, Language.EN)
        return None
    return Claim(
        job_id=row.id,
        user_id=row.user_id,
        kind=JobKind(row.kind),
        order=order,
        seed=row.seed,
        asset_token=row.asset_token,
        fence=row.fence,
        recoveries=row.recoveries,
    )


async def _end_here(session: AsyncSession, job: Job, code: ErrorCode, language: Language) -> None:
    """Ends a job from outside its lease: the reader stops it, or its order can no longer be read."""
    kind = JobKind(job.kind)
    job.status, job.revision = JobState.FAILED, job.revision + 1
    for name, value in _failure(code, kind, language).items():
        setattr(job, name, value)
    await session.flush()
    await _undo(session, job.user_id, job.id, kind, job.asset_token)
    await session.refresh(job)


def _next_waiting() -> Select[str]:
    takeable = or_(Job.status == JobState.QUEUED, (Job.status == JobState.RUNNING) & (Job.lease_until < func.now()))
    return select(Job.id).where(takeable).order_by(Job.created_at, Job.id).limit(1).with_for_update(skip_locked=True)


async def renew(session: AsyncSession, claim: Claim, *, lease_seconds: float) -> None:
    """Prolongs the lease, which is no news to readers; raises LeaseLost when it is somebody else's by now."""
    await _write(session, claim, JobState.RUNNING, revision=Job.revision, lease_until=_from_now(lease_seconds))


async def hand_back(session: AsyncSession, claim: Claim) -> None:
    """Gives an unfinished job back, so that another runner can take it at once."""
    await _write(session, claim, JobState.QUEUED, lease_owner=None, lease_until=None)


async def advance(session: AsyncSession, claim: Claim, step: Step, progress: int | None = None) -> None:
    """Shows where the job is. Progress never goes back."""
    percent = PROGRESS_AT_START[step] if progress is None else progress
    further = Job.progress <= percent
    await _write(
        session,
        claim,
        JobState.RUNNING,
        progress=func.greatest(Job.progress, percent),
        current_step=case((further, step.value), else_=Job.current_step),
    )


async def note_new_artifact(session: AsyncSession, claim: Claim) -> None:
    """Locks the job and remembers that it came further, which forgives earlier recoveries."""
    await _write(session, claim, JobState.RUNNING, recoveries=0)


async def finish(session: AsyncSession, claim: Claim) -> None:
    """Ends the job as done and spends its credit."""
    await _write(
        session,
        claim,
        JobState.DONE,
        progress=PROGRESS_DONE,
        current_step=DONE_SLUG,
        lease_owner=None,
        lease_until=None,
        finished_at=func.now(),
    )
    await credits.capture(session, claim.user_id, claim.job_id, claim.kind)


async def fail(session: AsyncSession, claim: Claim, code: ErrorCode) -> None:
    """The one door of failure: ends the job with a code, gives its credit back and discards its files."""
    await _write(session, claim, JobState.FAILED, **_failure(code, claim.kind, claim.order.language))
    await _undo(session, claim.user_id, claim.job_id, claim.kind, claim.asset_token)


async def cancel(session: AsyncSession, user_id: str, job_id: str) -> Job:
    """Ends a job that has not ended yet; whoever works on it finds its lease gone. Raises Conflict for others."""
    owned = select(Job).where(Job.id == job_id, Job.user_id == user_id).with_for_update()
    job = await session.scalar(owned)
    if job is None:
        raise NoSuchBook
    if JobState.FAILED not in MOVES[JobState(job.status)]:
        raise Conflict("This has ended already and cannot be stopped any more.")
    await _end_here(session, job, ErrorCode.CANCELLED, read_order(JobKind(job.kind), job.request).language)
    return job


async def clean_up_after_lost_lease(session: AsyncSession, claim: Claim) -> None:
    """Discards what a runner may have stored after its job was stopped by the reader."""
    stopped = select(Job.id).where(Job.id == claim.job_id, Job.status == JobState.FAILED)
    if await session.scalar(stopped):
        await files.discard(session, files.folder_of(claim.asset_token) + "/")


def _failure(code: ErrorCode, kind: JobKind, language: Language) -> dict[str, Any]:
    return {
        "error_code": code,
        "error_message": sentence_for(code, language, credit_back=PRICES[kind] > 0),
        "lease_owner": None,
        "lease_until": None,
        "finished_at": func.now(),
    }


async def _undo(session: AsyncSession, user_id: str, job_id: str, kind: JobKind, asset_token: str) -> None:
    await credits.release(session, user_id, job_id, kind)
    await files.discard(session, files.folder_of(asset_token) + "/")
    await session.execute(delete(JobPhoto).where(JobPhoto.job_id == job_id))


async def _write(session: AsyncSession, claim: Claim, state: JobState, **values: Any) -> None:
    """Every later write of a job's row: only by the holder of the lease, only along the table of moves."""
    if state not in MOVES[JobState.RUNNING]:
        raise ValueError(f"a running job cannot become {state}")
    change: Update = (
        update(Job)
        .where(*_still_ours(claim))
        .values({"status": state, "revision": Job.revision + 1} | values)
        .returning(Job.id)
    )
    if await session.scalar(change) is None:
        raise LeaseLost(claim.job_id)


def _still_ours(claim: Claim) -> tuple[Any, ...]:
    return (Job.id == claim.job_id, Job.fence == claim.fence, Job.status == JobState.RUNNING)


def _from_now(seconds: float) -> Any:
    return func.now() + literal(timedelta(seconds=seconds), Interval)

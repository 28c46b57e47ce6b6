"""Jobs. The only writer of a job's state.

All times are the database's. A claim's fence must still be the job's own for any write to happen.
"""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Interval, Select, Update, case, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import ErrorCode, LeaseLost
from storybook.core.ids import new_id
from storybook.domain.book_spec import BookSpec
from storybook.domain.failures import sentence_for
from storybook.domain.jobs import (
    DONE_SLUG,
    MOVES,
    PROGRESS_AT_START,
    PROGRESS_DONE,
    Claim,
    JobKind,
    JobState,
    Step,
)
from storybook.domain.pictures import MAX_SEED
from storybook.models import Job
from storybook.services import credits


async def insert_job(
    session: AsyncSession,
    user_id: str,
    *,
    kind: JobKind,
    spec: BookSpec,
    request_hash: bytes,
    idempotency_key: str | None,
) -> str | None:
    """The id of a new queued job, or None when the user has a job with this idempotency key already."""
    return await session.scalar(
        insert(Job)
        .values(
            id=new_id("job"),
            user_id=user_id,
            kind=kind,
            spec=spec.model_dump(mode="json", exclude={"reference_image_base64"}),
            request_hash=request_hash,
            idempotency_key=idempotency_key,
            seed=secrets.randbelow(MAX_SEED) + 1,
            asset_token=secrets.token_urlsafe(16).replace("_", "-"),
        )
        .on_conflict_do_nothing(
            index_elements=[Job.user_id, Job.idempotency_key], index_where=Job.idempotency_key.is_not(None)
        )
        .returning(Job.id)
    )


async def find_by_idempotency_key(session: AsyncSession, user_id: str, key: str) -> Job | None:
    return await session.scalar(select(Job).where(Job.user_id == user_id, Job.idempotency_key == key))


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
    return Claim(
        job_id=row.id,
        user_id=row.user_id,
        kind=JobKind(row.kind),
        spec=BookSpec.model_validate(row.spec),
        seed=row.seed,
        asset_token=row.asset_token,
        fence=row.fence,
        recoveries=row.recoveries,
    )


def _next_waiting() -> Select[str]:
    takeable = or_(Job.status == JobState.QUEUED, (Job.status == JobState.RUNNING) & (Job.lease_until < func.now()))
    return select(Job.id).where(takeable).order_by(Job.created_at, Job.id).limit(1).with_for_update(skip_locked=True)


async def renew(session: AsyncSession, claim: Claim, *, lease_seconds: float) -> None:
    """Prolongs the lease; raises LeaseLost when it is somebody else's by now."""
    await _write(session, claim, JobState.RUNNING, lease_until=_from_now(lease_seconds))


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


async def require_lease(session: AsyncSession, claim: Claim) -> None:
    """Locks the job until the transaction ends; raises LeaseLost when it is not ours any more."""
    owned = select(Job.id).where(*_still_ours(claim)).with_for_update()
    if await session.scalar(owned) is None:
        raise LeaseLost(claim.job_id)


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
    await credits.capture(session, claim.user_id, claim.job_id)


async def fail(session: AsyncSession, claim: Claim, code: ErrorCode) -> None:
    """The one door of failure: ends the job with a code and gives its credit back."""
    await _write(
        session,
        claim,
        JobState.FAILED,
        error_code=code,
        error_message=sentence_for(code, claim.spec.language),
        lease_owner=None,
        lease_until=None,
        finished_at=func.now(),
    )
    await credits.release(session, claim.user_id, claim.job_id)


async def _write(session: AsyncSession, claim: Claim, state: JobState, **values: Any) -> None:
    """Every later write of a job's row: only by the holder of the lease, only along the table of moves."""
    if state not in MOVES[JobState.RUNNING]:
        raise ValueError(f"a running job cannot become {state}")
    change: Update = update(Job).where(*_still_ours(claim)).values(status=state, **values).returning(Job.id)
    if await session.scalar(change) is None:
        raise LeaseLost(claim.job_id)


def _still_ours(claim: Claim) -> tuple[Any, ...]:
    return (Job.id == claim.job_id, Job.fence == claim.fence, Job.status == JobState.RUNNING)


def _from_now(seconds: float) -> Any:
    return func.now() + literal(timedelta(seconds=seconds), Interval)

"""Jobs that are given back: to wait for a vendor or for the storage, and not for ever, or to go on elsewhere; and what
became of those that are not their runner's any more.
"""

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import ErrorCode
from storybook.domain.jobs import JobState
from storybook.domain.orders import Claim
from storybook.models import Job
from storybook.services import budget, files, jobs


async def park(session: AsyncSession, claim: Claim, seconds: float, code: ErrorCode, *, longest: float) -> bool:
    """Gives the job back for so many seconds. One that came no further since and would then have waited for more than
    `longest` seconds in all, each time for what the code stands for, ends with the code, and False is returned.

    Only such waits count, not the time in the queue. Nothing can be kept without the storage, so what a runner did up
    to then was to wait as well.
    """
    in_vain = code is ErrorCode.STORAGE_UPLOAD_FAILED
    before = case((Job.waits_for == code, Job.waited_seconds), else_=0.0)
    lately = jobs.WORKED - claim.worked_seconds
    waited = await session.scalar(select(before + (lately if in_vain else 0.0) + seconds).where(Job.id == claim.job_id))
    if waited is not None and waited > longest:
        await jobs.fail(session, claim, code)
        return False
    noted = {"waits_for": code, "waited_seconds": waited}
    if in_vain:
        noted["worked_seconds"] = claim.worked_seconds
    await jobs.hand_back(session, claim, wait_seconds=seconds, **noted)
    return True


async def leave(session: AsyncSession, claim: Claim) -> None:
    """Gives back the job of a process that is told to stop, so that another one goes on at once.

    What was broken off or lost with it leaves the job its budget, also where it waits for a vendor since before.
    """
    await jobs.hand_back(session, claim)
    await budget.leave_outside(session, claim.job_id, claim.fence + 1, broken_off=True)


async def finished_after_all(session: AsyncSession, claim: Claim) -> bool:
    """Whether a runner that takes its lease to be lost had finished its job, and did not hear so.

    Where the job was stopped by its reader, or deleted with its user, what the runner may have stored is discarded.
    """
    job = await session.get(Job, claim.job_id)
    if job is None or job.status == JobState.FAILED:
        await files.discard(session, files.folder_of(claim.asset_token) + "/")
        return False
    return job.status == JobState.DONE and job.fence == claim.fence

"""Jobs that wait for a vendor. They wait in the queue, and not for ever."""

from datetime import timedelta

from sqlalchemy import Interval, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import ErrorCode
from storybook.domain.orders import Claim
from storybook.models import Job, StepArtifact
from storybook.services import jobs


async def park(session: AsyncSession, claim: Claim, seconds: float, code: ErrorCode, *, longest: float) -> bool:
    """Gives the job back for so many seconds. One that would still wait `longest` seconds after it last came
    further, or was accepted where it has no artifact, ends with the code, and False is returned.
    """
    waits_until = func.now() + literal(timedelta(seconds=seconds), Interval)
    came_further = select(func.max(StepArtifact.created_at)).where(StepArtifact.job_id == Job.id).scalar_subquery()
    patience_ends = func.coalesce(came_further, Job.created_at) + literal(timedelta(seconds=longest), Interval)
    in_time = await session.scalar(select(waits_until <= patience_ends).where(Job.id == claim.job_id))
    if in_time is False:
        await jobs.fail(session, claim, code)
        return False
    await jobs.hand_back(session, claim, wait_seconds=seconds)
    return True

"""What is kept of work that failed, and for how long."""

from datetime import timedelta

from sqlalchemy import Interval, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storybook.domain.jobs import JobState
from storybook.models import Job
from storybook.services import jobs

KEPT_AFTER_FAILURE = timedelta(days=30)
AT_ONCE = 500


async def forget_failed(session: AsyncSession) -> int:
    """Removes what failed jobs were asked and what their steps have left, some time after the last try of the same;
    returns how many jobs. That they were there, and how they ended, stays.
    """
    again = aliased(Job)
    long_ago = func.now() - literal(KEPT_AFTER_FAILURE, Interval)
    lately = select(again.id).where(
        again.retry_of == Job.id, or_(again.finished_at.is_(None), again.finished_at > long_ago)
    )
    failed = (
        select(Job.id)
        .where(Job.status == JobState.FAILED, Job.finished_at < long_ago, Job.request != jobs.FORGOTTEN)
        .where(~lately.exists())
        .order_by(Job.id)
        .limit(AT_ONCE)
    )
    found = list(await session.scalars(failed))
    await jobs.forget(session, (Job.id.in_(found),))
    return len(found)

"""Whose turn it is: the queue in the table of jobs, read fairly."""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Interval, Select, bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from storybook.domain.jobs import LAST_TRY, JobKind, JobState, states_before
from storybook.models import Job

_died_at_work = (Job.status == JobState.RUNNING) & (Job.began_fence == Job.fence)
"""Whoever died before it had begun did not die of the job."""
_RECOVERIES = Job.recoveries + case((_died_at_work, 1), else_=0)
_TAKEABLE = [state.value for state in states_before(JobState.RUNNING)]


@cache
def taking_next(kinds: tuple[JobKind, ...]) -> ReturningUpdate[Job]:
    """The job that comes next as it is once `new_owner` has it for the time of a `lease`; none where that goes alone
    and its owner is not `alone`: nobody else's turn comes before it.

    Made once, and asked for after every end of a job: to make it takes longer than to send it.
    """
    return (
        update(Job)
        .where(Job.id == next_waiting(kinds).scalar_subquery())
        .where(bindparam("alone", type_=Boolean) | (_RECOVERIES < LAST_TRY))
        .values(
            status=JobState.RUNNING,
            fence=Job.fence + 1,
            recoveries=_RECOVERIES,
            lease_owner=bindparam("new_owner"),
            lease_until=func.now() + bindparam("lease", type_=Interval),
            working_since=func.now(),
        )
        .returning(Job)
    )


def next_waiting(kinds: Collection[JobKind]) -> Select[str]:
    """The id of the job of these kinds that comes next, locked; what another claim has locked is passed over.

    It is queued and has nothing to wait for any more, or its runner let its lease run out. First come the users for
    whom the fewest jobs of these kinds are at work, then the oldest jobs.
    """
    waiting, at_work = aliased(Job, name="waiting"), aliased(Job, name="at_work")
    busy = (
        select(at_work.user_id, func.count().label("jobs"))
        .where(_is_takeable(at_work.status), at_work.kind.in_(kinds), at_work.lease_until >= func.now())
        .group_by(at_work.user_id)
        .subquery("busy")
    )
    return (
        select(waiting.id)
        .outerjoin(busy, busy.c.user_id == waiting.user_id)
        .where(*_could_be_taken(waiting, kinds))
        .order_by(func.coalesce(busy.c.jobs, 0), waiting.created_at, waiting.id)
        .limit(1)
        .with_for_update(of=waiting, skip_locked=True)
    )


async def waiting(session: AsyncSession, kinds: Collection[JobKind]) -> list[str]:
    """The ids of all jobs of these kinds that could be taken now, the oldest first."""
    found = select(Job.id).where(*_could_be_taken(Job, kinds)).order_by(Job.created_at, Job.id)
    return list(await session.scalars(found))


def _could_be_taken(job: type[Job], kinds: Collection[JobKind]) -> tuple[ColumnElement[bool], ...]:
    return (
        _is_takeable(job.status),
        job.kind.in_(kinds),
        job.lease_until.is_(None) | (job.lease_until < func.now()),
        job.wait_until.is_(None) | (job.wait_until <= func.now()),
    )


def _is_takeable(status: Any) -> ColumnElement[bool]:
    """Written out, because the index of unfinished jobs is not found for a parameter."""
    written_out: Any = bindparam("takeable", _TAKEABLE, expanding=True, literal_execute=True, unique=True)
    found: ColumnElement[bool] = status.in_(written_out)
    return found

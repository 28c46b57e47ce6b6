"""Whose turn it is: the queue in the table of jobs, read fairly."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import aliased

from storybook.domain.jobs import JobKind, JobState, states_before
from storybook.models import Job

_TAKEABLE = [state.value for state in states_before(JobState.RUNNING)]


def next_waiting(kinds: Collection[JobKind]) -> Select[str]:
    """The id of the job of these kinds that comes next, locked; what another claim has locked is passed over.

    It waits, or its runner let its lease run out. First come the users for whom the fewest jobs of these kinds are at
    work, then the oldest jobs.
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
        .where(_is_takeable(waiting.status), waiting.kind.in_(kinds))
        .where(waiting.lease_until.is_(None) | (waiting.lease_until < func.now()))
        .order_by(func.coalesce(busy.c.jobs, 0), waiting.created_at, waiting.id)
        .limit(1)
        .with_for_update(of=waiting, skip_locked=True)
    )


def _is_takeable(status: Any) -> ColumnElement[bool]:
    """Written out, because the index of unfinished jobs is not found for a parameter."""
    written_out: Any = bindparam("takeable", _TAKEABLE, expanding=True, literal_execute=True, unique=True)
    found: ColumnElement[bool] = status.in_(written_out)
    return found

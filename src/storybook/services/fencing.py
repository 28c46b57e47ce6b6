"""Changes of a job's row by whoever holds its lease, as statements that are made once: that takes longer than to send.

Their parameters are those of `told`. They return the job's id, and nothing where the job is somebody else's by now.
"""

from typing import Any

from sqlalchemy import CTE, Integer, String, bindparam, case, func, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from storybook.core.database import Prepared
from storybook.domain.jobs import PROGRESS_AT_START, JobState, Step, states_before
from storybook.domain.orders import Claim
from storybook.models import Job
from storybook.models.base import table_of

_AT, _IN = bindparam("now_at", type_=Integer), bindparam("now_in", type_=String)
_SHOWN = {
    "progress": func.greatest(Job.progress, _AT),
    "current_step": case((Job.progress <= _AT, _IN), else_=Job.current_step),
}
_FORGIVEN = {"recoveries": 0, "waited_seconds": 0, "waits_for": None}
BEGUN: dict[str, Any] = {"began_fence": Job.fence}
"""Work was begun under this claim: whoever takes the job over from it may not have been the first whom it killed."""


def told(claim: Claim, shown: tuple[Step, int | None] | None = None) -> dict[str, Any]:
    """Which job is changed and by whom; `shown` is where it is by now, in per cent or at the start of the step."""
    step, progress = shown or (None, None)
    percent = PROGRESS_AT_START[step] if step and progress is None else progress
    return {"claimed_job": claim.job_id, "claimed_fence": claim.fence, "now_at": percent, "now_in": step}


def change(state: JobState, **values: Any) -> ReturningUpdate[tuple[str]]:
    """Any change, only along the table of moves."""
    if JobState.RUNNING not in states_before(state):
        raise ValueError(f"a running job cannot become {state}")
    job, fence = Job.id == bindparam("claimed_job"), Job.fence == bindparam("claimed_fence")
    still_ours = update(table_of(Job)).where(job, fence, Job.status == JobState.RUNNING)
    return still_ours.values({"status": state, "revision": Job.revision + 1} | values).returning(Job.id)


def with_new_artifact(*, is_shown: bool) -> CTE:
    """The job, locked: it came further, which forgives recoveries and waits, and may be shown at another place."""
    return change(JobState.RUNNING, **_FORGIVEN, **(_SHOWN if is_shown else {})).cte("job")


HELD = (
    select(Job.id)
    .where(Job.id == bindparam("job_id"), Job.fence == bindparam("fence"), Job.status == JobState.RUNNING)
    .where(Job.lease_until > func.clock_timestamp())
    .with_for_update(read=True)
)
"""The job while its lease lasts; nobody takes it over before the transaction ends."""

ADVANCE = Prepared(change(JobState.RUNNING, **BEGUN, **_SHOWN))
"""Shows where the job is. Progress never goes back."""

"""What may be spent on vendors: by a job, by a user on a day, by everybody on a day (UTC).

A job's worst cost is set aside when it is accepted, so that no cap is reached in the middle of a book. Each call takes
its own worst cost from that before it is made, and gives back what it did not cost. A day's sum is that of the jobs
accepted on it: all that was set aside while a job goes on, what its calls have cost once it has ended. A call of which
nobody knows whether it was charged counts as charged, and one that cost more than its worst counts in full. What is
asked outside of any job counts with its worst.

A call that died with its runner, or was lost with one that was stopped, counts for the day and not for its job, which
would end for it: see `leave_outside`.
"""

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple, Self

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Update,
    bindparam,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from storybook.core.database import Database
from storybook.core.errors import BudgetExceeded
from storybook.core.ids import new_id
from storybook.core.settings import Settings
from storybook.domain.calls import Outcome, micro_dollars
from storybook.domain.jobs import Step
from storybook.domain.orders import Order
from storybook.models import JobBudget, ProviderCall, StepArtifact, StoryDraftRow
from storybook.models.base import table_of
from storybook.models.jobs import UNJUDGED, WHOLE_BOOK

_ENOUGH = JobBudget.used + bindparam("worst", type_=BigInteger) <= JobBudget.reserved
HAS_ROOM = select(_ENOUGH).where(JobBudget.job_id == bindparam("job_id"))
"""Whether the job's budget, as it is now, has room for a call that costs `worst`."""
_DAY = func.hashtextextended("what vendors may cost on a day", 0)
_COMMITTED = case((JobBudget.closed, JobBudget.used), else_=JobBudget.reserved)
_CALL = ProviderCall
_OF_THE_STORY = (_CALL.page == WHOLE_BOOK) & _CALL.step.in_((Step.GENERATE_STORY, Step.MODERATE_OUTPUT))
_KEPT = exists().where(
    StepArtifact.job_id == _CALL.job_id,
    StepArtifact.step == _CALL.step,
    (StepArtifact.page_number == _CALL.page) | ((_CALL.page == WHOLE_BOOK) & (StepArtifact.page_number == UNJUDGED)),
) | (_OF_THE_STORY & exists().where(StoryDraftRow.job_id == _CALL.job_id))
_CAME_TO_NOTHING = (_CALL.outcome == Outcome.UNKNOWN) | ((_CALL.outcome == Outcome.OK) & ~_KEPT)
KEPT_DAYS = 30


class Caps(NamedTuple):
    """In micro-dollars."""

    book: int
    user_day: int
    day: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        dollars = settings.budget_per_book, settings.budget_per_user_day, settings.budget_per_day
        return cls(*map(micro_dollars, dollars))


class Spending(NamedTuple):
    """What may be spent, and `worst`: the most that an order can cost, in micro-dollars."""

    caps: Caps
    worst: Callable[[Order], int]


NO_VENDOR = Spending(Caps(0, 0, 0), lambda _: 0)
"""Where nobody is paid."""


async def reserve(session: AsyncSession, job_id: str, user_id: str, worst: int, caps: Caps) -> None:
    """Sets aside what a job can cost at worst; raises BudgetExceeded where a cap is in the way.

    Jobs that cost something are accepted one after another from here to the end of the transaction.
    """
    if worst:
        await _require_room(session, user_id, worst, caps)
        await session.execute(insert(JobBudget).values(job_id=job_id, user_id=user_id, day=_today(), reserved=worst))


async def spend(database: Database, user_id: str, worst: int, caps: Caps) -> None:
    """Counts for today, as spent, what is about to be asked outside of any job; raises BudgetExceeded as `reserve`."""
    if not worst:
        return
    spent = {"reserved": worst, "used": worst, "closed": True}
    async with database.session() as session:
        await _require_room(session, user_id, worst, caps)
        await session.execute(insert(JobBudget).values(job_id=new_id("ask"), user_id=user_id, day=_today(), **spent))


async def _require_room(session: AsyncSession, user_id: str, worst: int, caps: Caps) -> None:
    if worst > caps.book:
        raise BudgetExceeded("This would cost more than one book may. Please ask for fewer pages.")
    await session.execute(select(func.pg_advisory_xact_lock(_DAY)))
    committed = func.coalesce(func.sum(_COMMITTED), 0)
    mine = func.coalesce(func.sum(_COMMITTED).filter(JobBudget.user_id == user_id), 0)
    by_user, by_all = (await session.execute(select(mine, committed).where(JobBudget.day == _today()))).one()
    if by_user + worst > caps.user_day or by_all + worst > caps.day:
        raise _until_tomorrow("We have reached what we can spend on books today. Please come back tomorrow.")


def taking(job: Select[str]) -> ReturningUpdate[str]:
    """Takes the worst cost of one call, the parameter `worst`, from what a job may cost; nothing where that is not
    enough. Calls of one job are taken one after another from here to the end of the transaction.
    """
    mine = update(table_of(JobBudget)).where(JobBudget.job_id == job.scalar_subquery(), _ENOUGH)
    return mine.values(used=JobBudget.used + bindparam("worst", type_=BigInteger)).returning(JobBudget.job_id)


async def leave_outside(session: AsyncSession, job_id: str, fence: int, *, broken_off: bool) -> None:
    """Gives the job's next holder the room that calls of earlier ones take up of which nobody will hear any more.

    They have no id to ask for, so they may be paid for again. What they count with is added, once, to what the job may
    cost. With `broken_off` so is that of calls that ended and left nothing to keep, since their holder was stopped;
    where the job was given back because of a vendor, its budget bounds them.
    """
    dead = (_CALL.outcome == Outcome.BEGUN) | (_CAME_TO_NOTHING if broken_off else false())
    left = (
        update(table_of(ProviderCall))
        .where(_CALL.job_id == job_id, _CALL.fence < fence, _CALL.vendor_id.is_(None), ~_CALL.outside, dead)
        .values(outside=True)
        .returning(case((_CALL.outcome == Outcome.BEGUN, _CALL.worst), else_=_CALL.micro_dollars).label("counted"))
        .cte("left_outside")
    )
    lost = select(func.sum(left.c.counted)).scalar_subquery()
    mine = update(JobBudget).where(JobBudget.job_id == job_id)
    await session.execute(mine.values(reserved=JobBudget.reserved + func.coalesce(lost, 0)))


def settlement(ended: CTE) -> Update:
    """Gives back what a call did not cost, also after its job has ended; what it cost beyond its worst is added.

    `ended` has the call's `job_id`, what was `counted` for it so far, and whether that is `outside` of what the job may
    cost; the parameter `cost` is what it cost.
    """
    over = bindparam("cost", type_=BigInteger) - ended.c.counted
    more = case((ended.c.outside, over), else_=func.greatest(over, 0))
    true = {"used": JobBudget.used + over, "reserved": JobBudget.reserved + more}
    return update(table_of(JobBudget)).where(JobBudget.job_id == ended.c.job_id).values(true)


async def close(session: AsyncSession, job_id: str) -> None:
    """Gives back to the day what an ended job did not use."""
    mine = (JobBudget.job_id == job_id, JobBudget.closed.is_(False))
    await session.execute(update(JobBudget).where(*mine).values(closed=True))


async def forget_old(session: AsyncSession) -> None:
    """Removes the budgets of ended jobs of a month ago; what their calls have cost stays in the rows of these."""
    await session.execute(delete(JobBudget).where(JobBudget.closed, JobBudget.day < _today() - KEPT_DAYS))


def committed_today() -> Select[tuple[int]]:
    """What counts for today's caps, in micro-dollars: a row for each user."""
    mine = select(func.sum(_COMMITTED).label("committed")).where(JobBudget.day == _today())
    return mine.group_by(JobBudget.user_id)


def _today() -> ColumnElement[dt.date]:
    return cast(func.timezone("UTC", func.now()), Date)


def _until_tomorrow(sentence: str) -> BudgetExceeded:
    now = dt.datetime.now(dt.UTC)
    midnight = (now + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return BudgetExceeded(sentence, retry_after=int((midnight - now).total_seconds()) + 1)

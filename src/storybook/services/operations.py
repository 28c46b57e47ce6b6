"""What an operator sees of the work: jobs, what their steps have left, and calls. No text, name or picture of a child.

Every question is one statement, however many jobs it is about.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Date, Integer, Select, cast, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import NotFound
from storybook.domain.calls import Outcome
from storybook.domain.jobs import KINDS_IN, UNFINISHED, JobState, Lane, Step
from storybook.domain.operations import NOT_OURS, refund_of
from storybook.models import CreditTransaction, ImagePromptRow, Job, OperatorAction, ProviderCall, StepArtifact
from storybook.models import StoryDraftRow as Draft
from storybook.models.jobs import WHOLE_BOOK
from storybook.services import jobs

STALE_SECONDS = 60
LAST_CALLS = 24


class JobSeen(NamedTuple):
    """A job without what was asked for, except for the number of pages. `now` is the database's clock."""

    id: str
    user_id: str
    kind: str
    status: str
    progress: int
    current_step: str
    error_code: str | None
    recoveries: int
    retry_of: str | None
    lease_until: dt.datetime | None
    wait_until: dt.datetime | None
    created_at: dt.datetime
    finished_at: dt.datetime | None
    pages: int | None
    now: dt.datetime

    @property
    def seconds(self) -> float:
        """From its order to its end, or so far."""
        return ((self.finished_at or self.now) - self.created_at).total_seconds()

    @property
    def is_left_alone(self) -> bool:
        """Whether its runner is gone and nobody has taken it over."""
        late = dt.timedelta(seconds=STALE_SECONDS)
        return self.lease_until is not None and self.lease_until + late < self.now


class Mark(NamedTuple):
    """An artifact that was stored: the end of a step, or of its work on one picture."""

    step: Step
    page: int
    at: dt.datetime


class CallSeen(NamedTuple):
    """A call to a vendor; it has not ended while `ended_at` is None."""

    step: str | None
    page: int | None
    vendor: str
    kind: str
    model: str
    outcome: str
    units: dict[str, int]
    micro_dollars: int
    milliseconds: int | None
    created_at: dt.datetime
    ended_at: dt.datetime | None


class Traces(NamedTuple):
    """What a job has left so far, in the order of time."""

    marks: tuple[Mark, ...]
    calls: tuple[CallSeen, ...]


class Failed(NamedTuple):
    """How many jobs ended with a code on a day (UTC)."""

    code: str
    day: dt.date
    number: int


class LaneSeen(NamedTuple):
    """The queue of a lane. `oldest` is how many seconds its first job has been ready to be taken for."""

    lane: Lane
    ready: int
    resting: int
    running: int
    left_alone: int
    oldest: float


class VendorSeen(NamedTuple):
    """The calls of one kind to a vendor in the last hour. `last` are the newest outcomes, the oldest of them first."""

    vendor: str
    kind: str
    ended: int
    under_way: int
    good: int
    p50: float | None
    p95: float | None
    last: tuple[str, ...]


class ActionSeen(NamedTuple):
    created_at: dt.datetime
    operator: str
    action: str
    job_id: str
    result: str
    code: str | None
    new_job_id: str | None
    credits: int


class Ended(NamedTuple):
    """How many books were finished, and how many jobs failed, in the last 24 hours."""

    done: int
    failed: int


async def time(session: AsyncSession) -> dt.datetime:
    """What the database's clock says."""
    return (await session.execute(select(func.now()))).scalar_one()


async def in_flight(session: AsyncSession, limit: int) -> list[JobSeen]:
    """Unfinished jobs, the oldest first: those that are worked on before those that wait."""
    order = (Job.status == JobState.QUEUED, Job.created_at, Job.id)
    return await _jobs(session, _seen().where(Job.status.in_(UNFINISHED)).order_by(*order).limit(limit))


async def lately_failed(session: AsyncSession, limit: int) -> list[JobSeen]:
    """Jobs that failed in the last week, the newest first."""
    week = Job.finished_at > func.now() - dt.timedelta(days=7)
    newest = (Job.finished_at.desc(), Job.id)
    return await _jobs(session, _seen().where(Job.status == JobState.FAILED, week).order_by(*newest).limit(limit))


async def one(session: AsyncSession, job_id: str) -> JobSeen:
    """Raises NotFound."""
    if found := await _jobs(session, _seen().where(Job.id == job_id)):
        return found[0]
    raise NotFound("There is no such job. Its account may have been deleted.")


async def tries_of(session: AsyncSession, job: JobSeen) -> list[JobSeen]:
    """All tries of the same order, this one too, in their order."""
    tries = jobs.of_order(job.retry_of or job.id)
    return await _jobs(session, _seen().where(tries).order_by(Job.created_at))


async def traces_of(session: AsyncSession, job_ids: Collection[str]) -> dict[str, Traces]:
    """What each of these jobs has left, in two statements."""
    marks: dict[str, list[Mark]] = defaultdict(list)
    for job_id, step, page, at in await session.execute(_marks(job_ids)):
        marks[job_id].append(Mark(Step(step), page, at))
    calls: dict[str, list[CallSeen]] = defaultdict(list)
    columns = [getattr(ProviderCall, name) for name in CallSeen._fields]
    made = select(ProviderCall.job_id, *columns).where(ProviderCall.job_id.in_(job_ids)).order_by(ProviderCall.id)
    for job_id, *call in await session.execute(made):
        calls[job_id].append(CallSeen(*call))
    return {job_id: Traces(tuple(marks[job_id]), tuple(calls[job_id])) for job_id in job_ids}


async def failures(session: AsyncSession, days: int) -> list[Failed]:
    """By code and day, today's included."""
    day = cast(Job.finished_at, Date)
    since = Job.finished_at >= func.current_date() - (days - 1)
    counted = select(Job.error_code, day, func.count()).where(Job.status == JobState.FAILED, since)
    rows = await session.execute(counted.group_by(Job.error_code, day).order_by(day))
    return [Failed(str(code), day, number) for code, day, number in rows]


async def failed_this_hour(session: AsyncSession) -> dict[str, int]:
    """How many jobs failed with each code that asks for somebody's look, the most frequent first."""
    number, hour = func.count(), Job.finished_at > func.now() - dt.timedelta(hours=1)
    ours = Job.error_code.not_in(NOT_OURS)
    counted = select(Job.error_code, number).where(Job.status == JobState.FAILED, hour, ours)
    rows = await session.execute(counted.group_by(Job.error_code).order_by(number.desc(), Job.error_code))
    return {str(code): number for code, number in rows}


async def ended_lately(session: AsyncSession) -> Ended:
    number, day = func.count(), Job.finished_at > func.now() - dt.timedelta(days=1)
    books = Job.kind.in_(KINDS_IN[Lane.BOOKS])
    done, failed = Job.status == JobState.DONE, Job.status == JobState.FAILED
    return Ended(*(await session.execute(select(number.filter(done, books), number.filter(failed)).where(day))).one())


async def lanes(session: AsyncSession) -> list[LaneSeen]:
    """Both lanes, also those where nobody stands."""
    number, running = func.count(), Job.status == JobState.RUNNING
    rests = ~running & (Job.wait_until > func.now())
    late = running & (Job.lease_until < func.now() - dt.timedelta(seconds=STALE_SECONDS))
    since = func.greatest(Job.created_at, Job.wait_until)
    oldest = func.extract("epoch", func.now() - func.min(since).filter(~running, ~func.coalesce(rests, False)))
    counts = (
        number.filter(~running, ~func.coalesce(rests, False)), number.filter(rests), number.filter(running),
        number.filter(late),
    )  # fmt: skip
    is_book = Job.kind.in_(KINDS_IN[Lane.BOOKS])
    asked = select(is_book, *counts, func.coalesce(oldest, 0.0)).where(Job.status.in_(UNFINISHED)).group_by(is_book)
    found = {(Lane.BOOKS if book else Lane.SHORT): rest for book, *rest in await session.execute(asked)}
    return [_lane(lane, found.get(lane, (0, 0, 0, 0, 0.0))) for lane in Lane]


def _lane(lane: Lane, row: Any) -> LaneSeen:
    ready, resting, running, left_alone, oldest = row
    return LaneSeen(lane, ready, resting, running, left_alone, float(oldest))


async def vendors(session: AsyncSession) -> list[VendorSeen]:
    """Who was asked in the last hour, in one statement; the slowest half of answers takes longer than `p50` ms."""
    who = (ProviderCall.vendor, ProviderCall.kind)
    newest = func.row_number().over(partition_by=who, order_by=ProviderCall.id.desc()).label("newest")
    hour = ProviderCall.created_at > func.now() - dt.timedelta(hours=1)
    call = select(*who, ProviderCall.id, ProviderCall.outcome, ProviderCall.milliseconds, newest).where(hour).subquery()
    c = call.c
    number, under_way, good = func.count(), c.outcome == Outcome.BEGUN, c.outcome == Outcome.OK
    took = [func.percentile_cont(share).within_group(c.milliseconds.asc()).filter(good) for share in (0.5, 0.95)]
    last = func.array_agg(aggregate_order_by(c.outcome, c.id)).filter(c.newest <= LAST_CALLS)
    counts = (number.filter(~under_way), number.filter(under_way), number.filter(good))
    asked = select(c.vendor, c.kind, *counts, *took, last)
    rows = await session.execute(asked.group_by(c.vendor, c.kind).order_by(c.vendor, c.kind))
    return [VendorSeen(*row)._replace(last=tuple(row[-1])) for row in rows]


async def actions(session: AsyncSession, limit: int, job_id: str | None = None) -> list[ActionSeen]:
    """What operators did, the newest first; about one job where that is named."""
    columns = [getattr(OperatorAction, name) for name in ActionSeen._fields]
    asked = select(*columns).order_by(OperatorAction.id.desc()).limit(limit)
    if job_id:
        asked = asked.where(OperatorAction.job_id == job_id)
    return [ActionSeen(*row) for row in await session.execute(asked)]


async def entries_of(session: AsyncSession, job_id: str) -> list[tuple[str, int, dt.datetime]]:
    """What the ledger says of a job, a refund by an operator too: kind of entry, credits, time."""
    columns = (CreditTransaction.transaction_type, CreditTransaction.amount, CreditTransaction.created_at)
    user = select(Job.user_id).where(Job.id == job_id).scalar_subquery()
    refund = (CreditTransaction.user_id == user) & (CreditTransaction.reference == refund_of(job_id))
    asked = select(*columns).where((CreditTransaction.job_id == job_id) | refund).order_by(CreditTransaction.id)
    return [(kind, amount, at) for kind, amount, at in await session.execute(asked)]


def _seen() -> Select[Any]:
    pages = cast(Job.request["spec"]["page_count"].astext, Integer).label("pages")
    columns = [getattr(Job, name) for name in JobSeen._fields[:-2]]
    return select(*columns, pages, func.now())


async def _jobs(session: AsyncSession, asked: Select[Any]) -> list[JobSeen]:
    return [JobSeen(*row) for row in await session.execute(asked)]


def _marks(job_ids: Collection[str]) -> Any:
    """Of all three tables of artifacts, without what is in them."""
    step, prompt = StepArtifact, ImagePromptRow
    found = union_all(
        select(step.job_id, step.step, step.page_number, step.created_at).where(step.job_id.in_(job_ids)),
        select(prompt.job_id, literal(Step.GENERATE_IMAGE_PROMPTS.value), prompt.page_number, prompt.created_at).where(
            prompt.job_id.in_(job_ids)
        ),
        select(Draft.job_id, literal(Step.GENERATE_STORY.value), literal(WHOLE_BOOK), Draft.created_at).where(
            Draft.job_id.in_(job_ids)
        ),
    )
    return found.order_by("created_at")

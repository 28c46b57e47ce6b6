"""What vendors were paid, for the operator: sums of `provider_calls`, in micro-dollars."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Date, Row, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.domain.calls import Outcome
from storybook.models import JobBudget, ProviderCall
from storybook.services import budget


class By(StrEnum):
    """What costs are summed up by."""

    DAY = "day"
    VENDOR = "vendor"
    STEP = "step"


class Spent(NamedTuple):
    """The calls of one day (UTC), vendor or step. Of each outcome there may be none."""

    key: str
    micro_dollars: int
    calls: Mapping[Outcome, int]


class Today(NamedTuple):
    """What today's jobs have cost or may yet cost, in micro-dollars: all of them, and those of one user at most."""

    everybody: int
    users: int
    most_of_a_user: int


class CallOfJob(NamedTuple):
    """One call of a job. Milliseconds are None while nobody has seen it end."""

    created_at: dt.datetime
    step: str | None
    page: int | None
    vendor: str
    model: str
    units: dict[str, int]
    micro_dollars: int
    milliseconds: int | None
    outcome: str


class JobCost(NamedTuple):
    """What a job cost. `reserved` and `used` are None where nothing was set aside for it."""

    calls: list[CallOfJob]
    reserved: int | None
    used: int | None

    @property
    def micro_dollars(self) -> int:
        return sum(call.micro_dollars for call in self.calls)


async def spent(session: AsyncSession, by: By, days: int) -> list[Spent]:
    """The calls of the last days, today's included, in one statement: days in their order, else the dearest first."""
    key = _day() if by is By.DAY else {By.VENDOR: ProviderCall.vendor, By.STEP: ProviderCall.step}[by]
    counts = [func.count().filter(ProviderCall.outcome == outcome).label(outcome.value) for outcome in Outcome]
    cost = func.coalesce(func.sum(ProviderCall.micro_dollars), 0)
    order = [key] if by is By.DAY else [cost.desc(), key]
    since = func.current_date() - (days - 1)
    sums = select(key, cost, *counts).where(ProviderCall.created_at >= since).group_by(key).order_by(*order)
    return [_spent(row) for row in await session.execute(sums)]


async def today(session: AsyncSession) -> Today:
    """What counts for today's caps."""
    users = budget.committed_today().subquery()
    committed = users.c.committed
    sums = select(func.coalesce(func.sum(committed), 0), func.count(), func.coalesce(func.max(committed), 0))
    everybody, number, most = (await session.execute(sums.select_from(users))).one()
    return Today(int(everybody), number, int(most))


async def of_job(session: AsyncSession, job_id: str) -> JobCost:
    """All calls of a job in their order, and its budget."""
    columns = [ProviderCall.__table__.c[name] for name in CallOfJob._fields]
    calls = select(*columns).where(ProviderCall.job_id == job_id).order_by(ProviderCall.id)
    kept = select(JobBudget.reserved, JobBudget.used).where(JobBudget.job_id == job_id)
    made = [CallOfJob(**row) for row in (await session.execute(calls)).mappings()]
    row = (await session.execute(kept)).one_or_none()
    return JobCost(made, row.reserved if row else None, row.used if row else None)


def _day() -> Any:
    """The connection's time zone is UTC."""
    return cast(ProviderCall.created_at, Date)


def _spent(row: Row[Any]) -> Spent:
    key, micro_dollars, *numbers = tuple(row)
    counted = {outcome: number for outcome, number in zip(Outcome, numbers, strict=True) if number}
    return Spent(str(key) if key else "outside of a job", int(micro_dollars), counted)

"""Trying failed work again: one job at a time for one order, however often it is asked for."""

from pydantic import ValidationError
from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import Conflict
from storybook.domain.jobs import JobKind, JobState
from storybook.domain.orders import AudioOrder, DescriptionOrder, Order, read_order
from storybook.models import DailyBook, Job
from storybook.services import jobs, orders
from storybook.services.quotas import Quotas


async def retry(session: AsyncSession, user_id: str, job_id: str, quotas: Quotas) -> Job:
    """The job that tries the order of a failed one again, whose credit went back when it failed.

    It is the same job for everybody who asks, until it has failed too. Raises Conflict for what has not failed, and
    for what cannot be tried again.
    """
    failed = await jobs.get(session, user_id, job_id)
    if failed.status != JobState.FAILED:
        raise Conflict("This has not failed. Only what has failed can be tried again.")
    if failed.kind == JobKind.PORTRAIT:
        raise Conflict("The photo was deleted when this failed. Please send it again.")
    first = failed.retry_of or failed.id
    order = await _order_of(session, first)
    kind = JobKind(failed.kind)
    again = await hopeful(session, first) or await _ordered_anew(session, user_id, kind, order)
    if again is None:
        again = await jobs.start(session, user_id, kind, order, quotas, retry_of=first)
        await session.execute(update(DailyBook).where(DailyBook.job_id.in_(_tries(first))).values(job_id=again.id))
    return again


async def _ordered_anew(session: AsyncSession, user_id: str, kind: JobKind, order: Order) -> Job | None:
    """The job that does the same for a book already, where that is to be done once at a time. Raises NotFound."""
    if not isinstance(order, AudioOrder | DescriptionOrder):
        return None
    under_way = await orders.find_under_way(session, user_id, kind, order)
    return await jobs.get(session, user_id, under_way) if under_way else None


async def hopeful(session: AsyncSession, first: str) -> Job | None:
    """The try of an order that has not failed, at work or done; `first` is the job that had failed first."""
    return await session.scalar(select(Job).where(Job.retry_of == first, Job.status != JobState.FAILED))


async def last_code(session: AsyncSession, first: str) -> str | None:
    """What the newest try of an order failed with; None where it has not failed."""
    tries = select(Job.error_code).where(jobs.of_order(first))
    return await session.scalar(tries.order_by(Job.created_at.desc()).limit(1))


async def _order_of(session: AsyncSession, first: str) -> Order:
    """What was asked for. Its job is locked, so that one at a time decides whether it is tried again."""
    kind, request = (
        await session.execute(select(Job.kind, Job.request).where(Job.id == first).with_for_update())
    ).one()
    try:
        return read_order(JobKind(kind), request)
    except ValidationError as error:
        raise Conflict("What this was to be is not kept any more. Please ask for it anew.") from error


def _tries(first: str) -> Select[str]:
    return select(Job.id).where(jobs.of_order(first))

"""What an operator does about one job, by the same rules as its reader, and written down whatever comes of it."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.core.errors import ApiError, Conflict, NotFound
from storybook.domain.credits import Transaction
from storybook.domain.jobs import UNFINISHED, JobState
from storybook.domain.operations import NOT_OURS, Action, Result, Taken, refund_of
from storybook.models import CreditTransaction, Job, OperatorAction
from storybook.services import credits, jobs, retries
from storybook.services.quotas import Quotas


async def take(database: Database, action: Action, job_id: str, operator: str, quotas: Quotas) -> Taken:
    """Does it and writes it down, in one transaction. What is refused is written down as well.

    Raises NotFound for a job that is not there, Conflict where this cannot be done any more or not yet, and for `retry`
    whatever an order may be refused with.
    """
    row = {"operator": operator, "action": action, "job_id": job_id}
    try:
        async with database.session() as session:
            taken = await _WAYS[action](session, job_id, quotas)
            session.add(OperatorAction(**row, **taken._asdict(), result=Result.DONE))
    except ApiError as refusal:
        async with database.session() as session:
            user_id = await session.scalar(select(Job.user_id).where(Job.id == job_id))
            session.add(OperatorAction(**row, user_id=user_id, result=Result.REFUSED, code=str(refusal.code)))
        raise
    return taken


async def _retry(session: AsyncSession, job_id: str, quotas: Quotas) -> Taken:
    """The user's credit, which went back when it failed, is set aside again. Once, until that has failed too.

    Not for an order that ended as its reader had it end: that credit is the reader's to spend.
    """
    job = await _locked(session, job_id)
    first = await _locked(session, job.retry_of or job.id)
    if await retries.hopeful(session, first.id):
        raise Conflict("This was tried again before. Its page leads to that try.")
    if await retries.last_code(session, first.id) in NOT_OURS:
        raise Conflict("This was stopped, or is not for children. Only its reader can ask for it again.")
    again = await retries.retry(session, job.user_id, job_id, quotas)
    return Taken(job.user_id, new_job_id=again.id)


async def _cancel(session: AsyncSession, job_id: str, _: Quotas) -> Taken:
    job = await _locked(session, job_id)
    held = await _moved(session, job_id, Transaction.HOLD)
    await jobs.cancel(session, job.user_id, job_id)
    return Taken(job.user_id, credits=held)


async def _refund(session: AsyncSession, job_id: str, _: Quotas) -> Taken:
    """Gives back what a done job has cost its user, once; what was made stays on the shelf."""
    job = await _locked(session, job_id)
    if job.status in UNFINISHED:
        raise Conflict("This has not ended yet. Cancel it: that gives its credit back.")
    if job.status == JobState.FAILED:
        raise Conflict("The credit of this went back when it failed. There is nothing to refund.")
    paid = await _moved(session, job_id, Transaction.CAPTURE)
    if not paid:
        raise Conflict("This has cost its user nothing. There is nothing to refund.")
    if await was_refunded(session, job_id):
        raise Conflict("This was refunded before, and is refunded once only.")
    await credits.grant(session, job.user_id, paid, refund_of(job_id))
    return Taken(job.user_id, credits=paid)


async def was_refunded(session: AsyncSession, job_id: str) -> bool:
    refunds = (OperatorAction.action == Action.REFUND, OperatorAction.result == Result.DONE)
    found = select(OperatorAction.id).where(OperatorAction.job_id == job_id, *refunds)
    return await session.scalar(found) is not None


async def _locked(session: AsyncSession, job_id: str) -> Job:
    """The job, which nobody else changes until the transaction ends."""
    if job := await session.scalar(select(Job).where(Job.id == job_id).with_for_update()):
        return job
    raise NotFound("There is no such job. Its account may have been deleted.")


async def _moved(session: AsyncSession, job_id: str, transaction: Transaction) -> int:
    """The credits of a job's entry of that kind; 0 where there is none."""
    kind = CreditTransaction.transaction_type == transaction
    return await session.scalar(select(CreditTransaction.amount).where(CreditTransaction.job_id == job_id, kind)) or 0


_WAYS: dict[Action, Callable[[AsyncSession, str, Quotas], Awaitable[Taken]]] = {
    Action.RETRY: _retry,
    Action.CANCEL: _cancel,
    Action.REFUND: _refund,
}

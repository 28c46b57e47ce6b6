"""The same request with the same key is answered once and replayed after that.

A key belongs to a user and a route. Its row is written in the transaction that does the work; what failed leaves no row
and may be sent again. Without a key a request stands for itself, for as long as what it started can still be had.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Interval, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import Conflict, Invalid
from storybook.domain.jobs import JobKind, JobState
from storybook.models import Book, Character, IdempotencyKey, Job

KEPT = timedelta(hours=24)
KEPT_WITHOUT_KEY = timedelta(seconds=10)
UNDER_WAY = (JobState.QUEUED, JobState.RUNNING)


def under_way() -> Conflict:
    return Conflict("The same request is being worked on. Please ask again in a moment.", retry_after=1)


async def open_request(
    session: AsyncSession, user_id: str, route: str, key: str | None, request_hash: bytes
) -> tuple[str, dict[str, Any] | None]:
    """The key to `close_request` with, and the stored answer where the same request was answered before.

    Raises Invalid when the key was used for another request, Conflict while the first request with it is worked on.
    """
    name = key or f"request:{request_hash.hex()}"
    await _be_the_only_one(session, user_id, route, name)
    answer = await find_answer(session, user_id, route, key, request_hash)
    if answer is None:
        await _write(session, user_id, route, name, request_hash, KEPT if key else KEPT_WITHOUT_KEY)
    return name, answer


async def find_answer(
    session: AsyncSession, user_id: str, route: str, key: str | None, request_hash: bytes
) -> dict[str, Any] | None:
    """The stored answer of the same request. Raises Invalid when the key was used for another one."""
    name = key or f"request:{request_hash.hex()}"
    mine = (IdempotencyKey.user_id == user_id, IdempotencyKey.route == route, IdempotencyKey.key == name)
    fresh = (IdempotencyKey.expires_at >= func.now()).label("fresh")
    row = (
        await session.execute(select(IdempotencyKey.request_hash, IdempotencyKey.answer, fresh).where(*mine))
    ).first()
    if row is None or row.answer is None:
        return None
    answer: dict[str, Any] = row.answer
    if not key:
        return answer if await _still_stands(session, user_id, answer, fresh=row.fresh) else None
    if row.fresh and row.request_hash != request_hash:
        raise Invalid("This X-Idempotency-Key was used for another request. Please use a new key.")
    return answer if row.fresh else None


async def close_request(session: AsyncSession, user_id: str, route: str, key: str, answer: dict[str, Any]) -> None:
    """Keeps the answer for replays."""
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.user_id == user_id, IdempotencyKey.route == route, IdempotencyKey.key == key)
        .values(answer=answer)
    )


async def forget_expired(session: AsyncSession) -> None:
    """Removes what is older than `KEPT`; requests without a key may stand for longer than their ten seconds."""
    await session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.expires_at < func.now() - literal(KEPT, Interval))
    )


async def _be_the_only_one(session: AsyncSession, user_id: str, route: str, name: str) -> None:
    """Until the transaction ends nobody else works on the same request; whoever comes meanwhile is not kept waiting."""
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"{user_id}\n{route}\n{name}", 0))
    if not await session.scalar(select(lock)):
        raise under_way()


async def _still_stands(session: AsyncSession, user_id: str, answer: dict[str, Any], *, fresh: bool) -> bool:
    """Whether what a request without a key started is under way, or was made a moment ago and is still there."""
    if job_id := answer.get("job_id"):
        job = await session.get(Job, job_id)
        if job is None or job.user_id != user_id:
            return False
        if job.status in UNDER_WAY:
            return True
        return fresh and job.status == JobState.DONE and await _is_there(session, job)
    if character_id := answer.get("character_id"):
        return fresh and await session.get(Character, character_id) is not None
    return fresh


async def _is_there(session: AsyncSession, job: Job) -> bool:
    """A page, a voice or a description that is made is what the reader heard or saw when asking again: it is to be
    made anew.
    """
    match JobKind(job.kind):
        case JobKind.BOOK:
            return await session.scalar(select(Book.id).where(Book.job_id == job.id)) is not None
        case JobKind.PORTRAIT:
            return await session.get(Character, job.request["character_id"]) is not None
        case JobKind.PAGE | JobKind.AUDIO | JobKind.DESCRIPTION:
            return False


async def _write(
    session: AsyncSession, user_id: str, route: str, name: str, request_hash: bytes, kept: timedelta
) -> None:
    values = {
        "request_hash": request_hash,
        "answer": None,
        "expires_at": func.now() + literal(kept, Interval),
    }
    row = insert(IdempotencyKey).values(user_id=user_id, route=route, key=name, **values)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[IdempotencyKey.user_id, IdempotencyKey.route, IdempotencyKey.key], set_=values
        )
    )

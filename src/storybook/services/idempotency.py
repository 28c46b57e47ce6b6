"""The same request with the same key is answered once and replayed after that.

A key belongs to a user and a route. Its row is inserted in the transaction that does the work, so that a parallel
request with it waits for the first; what failed leaves no row and may be sent again.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Interval, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import Conflict, Invalid
from storybook.models import IdempotencyKey

KEPT = timedelta(hours=24)
KEPT_WITHOUT_KEY = timedelta(seconds=10)
PATIENCE = "5s"
LOCK_NOT_AVAILABLE = "55P03"


async def open_request(
    session: AsyncSession, user_id: str, route: str, key: str | None, request_hash: bytes
) -> tuple[str, dict[str, Any] | None]:
    """The key to `close_request` with, and the stored answer where the same request was answered before.

    Without a key the request stands for itself for `KEPT_WITHOUT_KEY`. Raises Invalid when the key was used for
    another request, Conflict when the first request with it takes too long to wait for.
    """
    kept = KEPT if key else KEPT_WITHOUT_KEY
    key = key or f"request:{request_hash.hex()}"
    mine = (IdempotencyKey.user_id == user_id, IdempotencyKey.route == route, IdempotencyKey.key == key)
    await session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    try:
        await session.execute(delete(IdempotencyKey).where(*mine, IdempotencyKey.expires_at < func.now()))
        first = await session.scalar(
            insert(IdempotencyKey)
            .values(
                user_id=user_id,
                route=route,
                key=key,
                request_hash=request_hash,
                expires_at=func.now() + literal(kept, Interval),
            )
            .on_conflict_do_nothing()
            .returning(IdempotencyKey.key)
        )
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise Conflict("The same request is being worked on. Please ask again in a moment.", retry_after=1) from error
    if first is not None:
        return key, None
    earlier = (await session.scalars(select(IdempotencyKey).where(*mine))).one()
    if earlier.request_hash != request_hash:
        raise Invalid("This X-Idempotency-Key was used for another request. Please use a new key for a new request.")
    return key, earlier.answer


async def close_request(session: AsyncSession, user_id: str, route: str, key: str, answer: dict[str, Any]) -> None:
    """Keeps the answer for replays."""
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.user_id == user_id, IdempotencyKey.route == route, IdempotencyKey.key == key)
        .values(answer=answer)
    )


async def forget_expired(session: AsyncSession) -> None:
    """Removes the keys that are older than `KEPT`."""
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at < func.now()))

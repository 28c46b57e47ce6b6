"""The visits of operators: who signed in and has neither signed out nor stayed too long."""

import datetime as dt

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.models import OperatorVisit

LIFETIME = dt.timedelta(hours=8)


async def admit(session: AsyncSession, secret_hash: bytes, token_hash: bytes, operator: str) -> None:
    """A visit that lasts for `LIFETIME`. Those that began with another token of the service end now."""
    await session.execute(delete(OperatorVisit).where(OperatorVisit.token_hash != token_hash))
    ends = func.now() + LIFETIME
    session.add(OperatorVisit(secret_hash=secret_hash, token_hash=token_hash, operator=operator, expires_at=ends))


async def operator_of(session: AsyncSession, secret_hash: bytes, token_hash: bytes) -> str | None:
    """Whose visit it is; None for one that has ended, was never, or began with another token of the service."""
    same = (OperatorVisit.secret_hash == secret_hash, OperatorVisit.token_hash == token_hash)
    operator: str | None = await session.scalar(
        select(OperatorVisit.operator).where(*same, OperatorVisit.expires_at > func.now())
    )
    return operator


async def end(session: AsyncSession, secret_hash: bytes) -> None:
    await session.execute(delete(OperatorVisit).where(OperatorVisit.secret_hash == secret_hash))


async def forget_expired(session: AsyncSession) -> None:
    await session.execute(delete(OperatorVisit).where(OperatorVisit.expires_at < func.now()))

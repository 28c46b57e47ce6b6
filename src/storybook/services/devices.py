"""Devices: each is one sign-in, and the family of refresh tokens that followed from it, one after another.

A token is used up by the refresh that it is good for. Whoever comes with a used one later has stolen it, or was stolen
from; nobody can tell which, so the whole family ends (RFC 9700, section 4.14.2). Its user comes back with the key; of a
user without a key, the device was the only way in.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Interval, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import SIGN_IN_AGAIN, AlreadyRefreshed, Conflict, Unauthenticated, UnknownToken
from storybook.core.ids import new_id
from storybook.core.tokens import Bearer
from storybook.models import Device, RefreshToken, User

IDLE = timedelta(days=60)
AT_ONCE = timedelta(seconds=10)
"""Requests of one app that refresh side by side arrive within this."""


class Tokens(NamedTuple):
    """What a device comes with from now on; the refresh token is not kept, only its hash."""

    bearer: Bearer
    refresh_token: str


async def open_device(session: AsyncSession, user_id: str) -> Tokens:
    """A new device of the user. Raises Conflict for one who was deleted at this moment."""
    staying = select(User.id).where(User.id == user_id).with_for_update(read=True, key_share=True)
    if await session.scalar(staying) is None:
        raise Conflict("This account was deleted a moment ago. Please sign in again.")
    bearer = Bearer(user_id, new_id("device"))
    await session.execute(insert(Device).values(id=bearer.device_id, user_id=user_id))
    token = secrets.token_urlsafe(32)
    await _keep(session, bearer.device_id, token)
    return Tokens(bearer, token)


async def refresh(session: AsyncSession, token: str, attempt: str | None, *, pepper: str) -> Tokens | None:
    """The next tokens of the device; the user's key is retired now that the app has tokens.

    Of many requests at once one wins, and the others raise AlreadyRefreshed. A request that is sent again with the
    same `attempt` gets the same token while that is unused. Raises Unauthenticated for a token that is unknown, too
    old or of a device that is signed out. None: the token was used before, and its device is signed out with it, which
    the caller has to commit.
    """
    attempt = attempt or secrets.token_urlsafe(32)
    bearer = await _find(session, token)
    successor = _successor(token, attempt, pepper)
    use = update(RefreshToken).where(RefreshToken.token_hash == _hash(token), RefreshToken.used_at.is_(None))
    won = use.values(used_at=func.now(), attempt_hash=_hash(attempt)).returning(RefreshToken.device_id)
    if await session.scalar(won):
        await _keep(session, bearer.device_id, successor)
        await session.execute(update(Device).where(Device.id == bearer.device_id).values(refreshed_at=func.now()))
        await _retire_key(session, bearer.user_id)
        return Tokens(bearer, successor)
    if await _is_sent_again(session, token, attempt, successor):
        return Tokens(bearer, successor)
    await sign_out(session, bearer)
    return None


async def sign_out(session: AsyncSession, bearer: Bearer) -> None:
    """Ends a device at once, with all tokens that it has. Only the key opens the account of its user again."""
    mine = (Device.id == bearer.device_id, Device.user_id == bearer.user_id, Device.revoked_at.is_(None))
    await session.execute(update(Device).where(*mine).values(revoked_at=func.now()))


async def find_by_token(session: AsyncSession, token: str) -> Bearer:
    """Whose refresh token this is or was. Raises UnknownToken."""
    found = select(Device.user_id, Device.id).join(RefreshToken).where(RefreshToken.token_hash == _hash(token))
    if (row := (await session.execute(found)).one_or_none()) is None:
        raise UnknownToken
    return Bearer(*row)


async def forget_expired(session: AsyncSession) -> None:
    """Removes tokens that are too old for anything, and devices that have none left."""
    old = delete(RefreshToken).where(RefreshToken.expires_at < func.now()).returning(RefreshToken.device_id)
    if device_ids := set(await session.scalars(old)):
        left = select(RefreshToken.device_id).where(RefreshToken.device_id == Device.id).exists()
        await session.execute(delete(Device).where(Device.id.in_(device_ids), ~left))


async def _find(session: AsyncSession, token: str) -> Bearer:
    """Whose token this is, if the device lives; the user stays until the transaction ends."""
    found = (
        select(Device.user_id, Device.id, Device.revoked_at, RefreshToken.expires_at < func.now())
        .join(RefreshToken, RefreshToken.device_id == Device.id)
        .join(User, User.id == Device.user_id)
        .where(RefreshToken.token_hash == _hash(token))
        .with_for_update(read=True, key_share=True, of=User)
    )
    if (row := (await session.execute(found)).one_or_none()) is None:
        raise UnknownToken
    user_id, device_id, revoked_at, expired = row
    if revoked_at:
        raise Unauthenticated(f"This device is signed out. {SIGN_IN_AGAIN}")
    if expired:
        raise Unauthenticated(f"This device was away for too long. {SIGN_IN_AGAIN}")
    return Bearer(user_id, device_id)


async def _is_sent_again(session: AsyncSession, token: str, attempt: str, successor: str) -> bool:
    """Whether a used token comes from the same request as before, whose answer was lost. Raises AlreadyRefreshed."""
    just_now = RefreshToken.used_at > func.clock_timestamp() - literal(AT_ONCE, Interval)
    used = select(RefreshToken.attempt_hash, just_now).where(RefreshToken.token_hash == _hash(token))
    first_attempt, at_once = (await session.execute(used)).one()
    fresh = select(RefreshToken.device_id).where(
        RefreshToken.token_hash == _hash(successor), RefreshToken.used_at.is_(None)
    )
    if hmac.compare_digest(first_attempt or b"", _hash(attempt)) and await session.scalar(fresh):
        return True
    if at_once:
        raise AlreadyRefreshed
    return False


async def _keep(session: AsyncSession, device_id: str, token: str) -> None:
    expires_at = func.now() + literal(IDLE, Interval)
    await session.execute(
        insert(RefreshToken).values(token_hash=_hash(token), device_id=device_id, expires_at=expires_at)
    )


async def _retire_key(session: AsyncSession, user_id: str) -> None:
    """From the first refresh on, when the tokens have surely arrived, the key only signs devices in."""
    with_key = (User.id == user_id, User.key_hash.is_not(None), User.key_retired_at.is_(None))
    await session.execute(update(User).where(*with_key).values(key_retired_at=func.now()))


def _successor(token: str, attempt: str, pepper: str) -> str:
    """The token after this one, which only the server can tell: it need not be kept to be told again."""
    made = hmac.digest(pepper.encode(), f"refresh {token} {attempt}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _hash(secret: str) -> bytes:
    """What is stored of a token: 256 random bits need no slower hash."""
    return hashlib.sha256(secret.encode()).digest()

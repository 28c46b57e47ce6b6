"""Users: who a request comes from, and what a new user gets."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import BindParameter, ScalarSelect, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import SIGN_IN_AGAIN, KeyRetired, Unauthenticated
from storybook.core.ids import new_id
from storybook.models import Device, User
from storybook.services import credits, quotas

Text = str | BindParameter[str]


@dataclass(frozen=True)
class KeyHolder:
    """Whoever sent a key; `key_hash` is what is stored of it."""

    key_hash: bytes

    @property
    def subject(self) -> str:
        return f"key:{self.key_hash.hex()}"


@dataclass(frozen=True)
class DeviceHolder:
    """Whoever sent an access token of ours. The device may have been signed out since, and the user deleted."""

    user_id: str
    device_id: str

    @property
    def subject(self) -> str:
        return f"user:{self.user_id}"


Caller = KeyHolder | DeviceHolder
"""Who a request says it is; nothing has been looked up. `subject` names it for counting."""

UserRef = str | Caller
"""A user: the id, or whoever asks."""


class Identity(NamedTuple):
    """Who somebody is. With a retired key one may only sign a device in."""

    user_id: str
    welcomed: bool
    by_retired_key: bool = False


def hash_user_key(user_key: str, *, pepper: str) -> bytes:
    """What is stored of a user key: an HMAC-SHA-256 under the server's pepper."""
    return hmac.digest(pepper.encode(), user_key.encode(), hashlib.sha256)


def owner(user: UserRef) -> str | ScalarSelect[str]:
    """The user's id as a part of a query: reading costs one statement, and makes nobody.

    Nobody owns anything who comes with a retired key or from a device that is signed out.
    """
    match user:
        case KeyHolder(key_hash):
            return owner_of_key(key_hash)
        case DeviceHolder(user_id, device_id):
            return owner_of_device(user_id, device_id)
    return user


def owner_of_key(key_hash: bytes | BindParameter[bytes]) -> ScalarSelect[str]:
    return select(User.id).where(User.key_hash == key_hash, User.key_retired_at.is_(None)).scalar_subquery()


def owner_of_device(user_id: Text, device_id: Text) -> ScalarSelect[str]:
    return (
        select(Device.user_id)
        .where(Device.id == device_id, Device.user_id == user_id, Device.revoked_at.is_(None))
        .scalar_subquery()
    )


async def identify(session: AsyncSession, caller: Caller) -> Identity | None:
    """Whose key or device the caller comes with, in one statement; None for a key that nobody has.

    Raises KeyRetired, or Unauthenticated for a device that is signed out or whose user is gone.
    """
    if isinstance(caller, KeyHolder):
        found = await find_by_key(session, caller.key_hash)
        if found and found.by_retired_key:
            raise KeyRetired
        return found
    return await require_device(session, caller)


async def find_by_key(session: AsyncSession, key_hash: bytes) -> Identity | None:
    """Whose key this is, retired or not; None for a new one."""
    by_key = select(User.id, User.welcomed, User.key_retired_at.is_not(None)).where(User.key_hash == key_hash)
    found = (await session.execute(by_key)).one_or_none()
    return Identity(*found) if found else None


async def require_device(session: AsyncSession, device: DeviceHolder) -> Identity:
    """Whose device this is. Raises Unauthenticated for one that is signed out, or whose user is gone."""
    by_device = select(User.id, User.welcomed).where(User.id == owner(device))
    if (found := (await session.execute(by_device)).one_or_none()) is None:
        raise Unauthenticated(f"This device is signed out. {SIGN_IN_AGAIN}")
    return Identity(*found)


async def admit(session: AsyncSession, caller: Caller, *, address: str | None, gifts_per_address: int) -> str:
    """The id of the user who asks; a new key is a new user. Raises as `identify` does.

    Whoever has had no welcome gift gets it, once, unless the network at `address` has had all of today's.
    """
    if isinstance(caller, KeyHolder):
        identity = await identify(session, caller) or await _make(session, caller.key_hash)
    else:
        identity = await require_device(session, caller)
    await _welcome(session, identity, address, gifts_per_address)
    return identity.user_id


async def sign_in(
    session: AsyncSession, key_hash: bytes | None, *, address: str | None = None, gifts_per_address: int = 0
) -> str:
    """The id of the user with this key, retired or not, with a gift as in `admit`; without a key it is a new user."""
    identity = await find_by_key(session, key_hash) if key_hash else None
    identity = identity or await _make(session, key_hash)
    await _welcome(session, identity, address, gifts_per_address)
    return identity.user_id


async def _make(session: AsyncSession, key_hash: bytes | None) -> Identity:
    """A new user, or the one that somebody else made of the same key at the same moment."""
    made = await session.scalar(
        insert(User)
        .values(id=new_id("user"), key_hash=key_hash)
        .on_conflict_do_nothing(index_elements=[User.key_hash])
        .returning(User.id)
    )
    if made:
        await credits.open_account(session, made)
        return Identity(made, welcomed=False)
    if key_hash and (identity := await find_by_key(session, key_hash)):
        return identity
    return await _make(session, key_hash)


async def _welcome(session: AsyncSession, identity: Identity, address: str | None, gifts_per_address: int) -> None:
    """The row is locked first, so that the gift is given, and counted, once."""
    if identity.welcomed:
        return
    waiting = select(User.id).where(User.id == identity.user_id, User.welcomed.is_(False))
    if await session.scalar(waiting.with_for_update(key_share=True)) is None:
        return
    if await quotas.may_welcome(session, address, gifts_per_address):
        await session.execute(update(User).where(User.id == identity.user_id).values(welcomed=True))
        await credits.welcome(session, identity.user_id)

"""Users: who a key belongs to."""

import hashlib
import hmac

from sqlalchemy import BindParameter, ScalarSelect, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.ids import new_id
from storybook.models import User
from storybook.services import credits


def hash_user_key(user_key: str, *, pepper: str) -> bytes:
    """What is stored of a user key: an HMAC-SHA-256 under the server's pepper."""
    return hmac.digest(pepper.encode(), user_key.encode(), hashlib.sha256)


UserRef = str | bytes
"""A user: the id, or the hash of the key."""


def owner(user: UserRef) -> str | ScalarSelect[str]:
    """The user's id as a part of a query: reading costs one statement, and makes nobody."""
    return owner_of_key(user) if isinstance(user, bytes) else user


def owner_of_key(key_hash: bytes | BindParameter[bytes]) -> ScalarSelect[str]:
    return select(User.id).where(User.key_hash == key_hash).scalar_subquery()


async def sign_in(session: AsyncSession, key_hash: bytes) -> str:
    """The id of the user with this key. A new user is made, once, with the welcome gift."""
    by_key = select(User.id).where(User.key_hash == key_hash)
    if user_id := await session.scalar(by_key):
        return user_id
    made = await session.scalar(
        insert(User)
        .values(id=new_id("user"), key_hash=key_hash)
        .on_conflict_do_nothing(index_elements=[User.key_hash])
        .returning(User.id)
    )
    if made is None:
        made = (await session.scalars(by_key)).one()
    else:
        await credits.welcome(session, made)
    return made

"""What routes ask for: the process's resources, a transaction, the user, public addresses."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Request
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import BadRequest, Invalid
from storybook.domain.values import require_readable
from storybook.resources import Resources
from storybook.schemas.books import Url
from storybook.services import accounts

KEY_MIN = 10
KEY_MAX = 80


def get_resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


ResourcesDep = Annotated[Resources, Depends(get_resources)]


async def get_session(resources: ResourcesDep) -> AsyncIterator[AsyncSession]:
    """One transaction for the request, committed before the answer leaves."""
    async with resources.database.session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def get_user_id(
    resources: ResourcesDep,
    x_user_key: Annotated[str | None, Header(description="The app's own key, 10 to 80 characters")] = None,
) -> str:
    """The user whose key the request carries; a new key is a new user."""
    if x_user_key is None:
        raise Invalid("The header X-User-Key is missing.", details={"header": "X-User-Key"})
    if not KEY_MIN <= len(x_user_key) <= KEY_MAX:
        raise BadRequest(f"The header X-User-Key must have {KEY_MIN} to {KEY_MAX} characters.")
    key_hash = accounts.hash_user_key(x_user_key, pepper=resources.pepper)
    async with resources.database.session() as session:
        return await accounts.sign_in(session, key_hash)


UserId = Annotated[str, Depends(get_user_id)]


def get_idempotency_key(
    x_idempotency_key: Annotated[
        str | None, Header(description="The same key and request make one book, however often they are sent")
    ] = None,
) -> str | None:
    if not x_idempotency_key:
        return None
    if len(x_idempotency_key) > KEY_MAX:
        raise BadRequest(f"The header X-Idempotency-Key may have at most {KEY_MAX} characters.")
    try:
        return require_readable(x_idempotency_key)
    except ValueError as error:
        raise BadRequest("The header X-Idempotency-Key holds a character that cannot be printed.") from error


IdempotencyKey = Annotated[str | None, Depends(get_idempotency_key)]


def get_url(request: Request, resources: ResourcesDep) -> Url:
    """Public addresses of stored objects: absolute, also when no PUBLIC_URL is set."""
    base = "" if resources.settings.public_url or resources.settings.s3_bucket else str(request.base_url).rstrip("/")
    return lambda key: base + resources.storage.url(key)


UrlDep = Annotated[Url, Depends(get_url)]

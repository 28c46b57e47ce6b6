"""What routes ask for: the process's resources, a transaction, the user, public addresses."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Header, Path, Request, Security
from fastapi.security import APIKeyHeader
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from storybook.core.errors import BadRequest, Invalid
from storybook.domain.values import require_readable
from storybook.resources import Resources
from storybook.schemas.books import Url
from storybook.services import accounts
from storybook.services.accounts import UserRef

KEY_MIN = 10
KEY_MAX = 80


async def get_resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


ResourcesDep = Annotated[Resources, Depends(get_resources)]


async def get_session(resources: ResourcesDep) -> AsyncIterator[AsyncSession]:
    """One transaction for the request, committed before the answer leaves."""
    async with resources.database.session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def get_reading(resources: ResourcesDep) -> AsyncIterator[AsyncSession]:
    """For requests that only read."""
    async with resources.database.reading() as session:
        yield session


ReadingDep = Annotated[AsyncSession, Depends(get_reading, scope="function")]


class UserKeyHeader(APIKeyHeader):
    """Leaves it to the route to refuse, in the form of every refusal."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        return request.headers.get(self.model.name)


USER_KEY = UserKeyHeader(
    name="X-User-Key", scheme_name="UserKey", description="The app's own secret key, 10 to 80 characters"
)


async def get_key_hash(resources: ResourcesDep, x_user_key: Annotated[str | None, Security(USER_KEY)]) -> bytes:
    """The hash of the key that the request carries."""
    if x_user_key is None:
        raise Invalid("The header X-User-Key is missing.", details={"header": "X-User-Key"})
    if not KEY_MIN <= len(x_user_key) <= KEY_MAX:
        raise BadRequest(f"The header X-User-Key must have {KEY_MIN} to {KEY_MAX} characters.")
    return accounts.hash_user_key(x_user_key, pepper=resources.pepper)


KeyHash = Annotated[bytes, Depends(get_key_hash)]


async def get_user_id(resources: ResourcesDep, key_hash: KeyHash) -> str:
    """The user whose key the request carries; a new key is a new user."""
    async with resources.database.session() as session:
        return await accounts.sign_in(session, key_hash)


UserId = Annotated[str, Depends(get_user_id)]
"""For requests that write."""


Reader = Annotated[UserRef, Depends(get_key_hash)]
"""For requests that read: the user as a part of the query, so that nobody else's rows are ever seen."""

IDENTIFIER = "^[A-Za-z0-9_-]{1,60}$"
JobId = Annotated[str, Path(pattern=IDENTIFIER, examples=["job_20261122_093000_6f1d2c3b4a5968778695"])]
BookId = Annotated[str, Path(pattern=IDENTIFIER, examples=["book_20261122_093000_6f1d2c3b4a5968778695"])]
CharacterId = Annotated[str, Path(pattern=IDENTIFIER, examples=["char_20261122_093000_6f1d2c3b4a5968778695"])]
PageNumber = Annotated[int, Path(ge=1, le=12)]


async def get_idempotency_key(
    x_idempotency_key: Annotated[
        str | None,
        Header(
            alias="X-Idempotency-Key",
            json_schema_extra={"maxLength": KEY_MAX},
            description="The same key and request are done once, however often they are sent; at most 80 characters",
        ),
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


async def get_wake(request: Request, after_the_answer: BackgroundTasks) -> Callable[[], None]:
    """Tells the runner, once the answer has left, that there may be work."""

    def wake() -> None:
        after_the_answer.add_task(request.app.state.runner.wake)

    return wake


Wake = Annotated[Callable[[], None], Depends(get_wake)]


async def get_url(request: Request, resources: ResourcesDep) -> Url:
    """Public addresses of stored objects: absolute, also when no PUBLIC_URL is set."""
    base = "" if resources.settings.public_url or resources.settings.s3_bucket else str(request.base_url).rstrip("/")
    return lambda key: base + resources.storage.url(key)


UrlDep = Annotated[Url, Depends(get_url)]

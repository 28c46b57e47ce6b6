"""What routes ask for: the process's resources, a transaction, the user, public addresses."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Header, Path, Query, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from structlog.contextvars import bind_contextvars

from storybook.core.errors import (
    SIGN_IN_AGAIN,
    BadRequest,
    Conflict,
    Invalid,
    TokenRequired,
    Unauthenticated,
)
from storybook.core.ids import utc_now
from storybook.core.logs import about_user
from storybook.core.settings import AuthMode
from storybook.domain.values import require_readable
from storybook.resources import Resources
from storybook.routers.strangers import meet_stranger
from storybook.schemas.books import Url
from storybook.services import accounts
from storybook.services.accounts import Caller, DeviceHolder, Identity, KeyHolder, UserRef

KEY_MIN = 10
KEY_MAX = 80
IPV6_PREFIX = 64


def resources_of(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


async def get_resources(request: Request) -> Resources:
    return resources_of(request)


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


class AccessToken(HTTPBearer):
    """The token of `Authorization: Bearer`; None for another scheme, and without the header."""

    async def __call__(self, request: HTTPConnection) -> str | None:  # type: ignore[override]
        return sent_token(request)


def sent_token(request: HTTPConnection) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


USER_KEY = UserKeyHeader(
    name="X-User-Key", scheme_name="UserKey", description="The app's own secret key, 10 to 80 characters"
)
ACCESS_TOKEN = AccessToken(
    scheme_name="AccessToken", bearerFormat="JWT", description="An access token of `POST /v1/auth/device`"
)


def read_key(resources: Resources, user_key: str | None) -> KeyHolder | None:
    """Whoever sent this key. Raises BadRequest for one that is too short or too long."""
    if user_key is None:
        return None
    if not KEY_MIN <= len(user_key) <= KEY_MAX:
        raise BadRequest(f"The header X-User-Key must have {KEY_MIN} to {KEY_MAX} characters.")
    return KeyHolder(accounts.hash_user_key(user_key, pepper=resources.pepper))


def read_token(resources: Resources, access_token: str | None) -> DeviceHolder | None:
    """Whoever sent this access token. Raises Unauthenticated for one that is not good any more, or never was."""
    return None if access_token is None else DeviceHolder(*resources.tokens.read(access_token))


def read_caller(resources: Resources, access_token: str | None, user_key: str | None) -> Caller:
    """Whoever sent these: by the access token, or else by the key. Raises a refusal that says what to send."""
    if device := read_token(resources, access_token):
        return device
    holder = read_key(resources, user_key)
    if resources.settings.auth_mode is AuthMode.TOKEN:
        raise TokenRequired if holder else Unauthenticated("Please send an access token of POST /v1/auth/device.")
    if holder is None:
        raise Invalid("The header X-User-Key is missing.", details={"header": "X-User-Key"})
    return holder


SentKey = Annotated[str | None, Security(USER_KEY)]
SentToken = Annotated[str | None, Security(ACCESS_TOKEN)]


async def get_caller(request: Request, access_token: SentToken, x_user_key: SentKey) -> Caller:
    return read_caller(resources_of(request), access_token, x_user_key)


CallerDep = Annotated[Caller, Depends(get_caller)]
"""Who the request says it is. Nothing has been looked up: a query with it finds nothing of a caller who is refused."""


def address_of(request: Request) -> str | None:
    """The network that the request comes from, so that it can be counted and not be read: an HMAC.

    An IPv6 customer has a /64. None where it is not known, and on this machine in development.
    """
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    resources = resources_of(request)
    if address.is_loopback and not resources.settings.in_production:
        return None
    network = ip_network((address, IPV6_PREFIX), strict=False) if address.version == 6 else address
    return hmac.digest(resources.pepper.encode(), f"network {network}".encode(), hashlib.sha256).hex()


async def get_address(request: Request) -> str | None:
    return address_of(request)


AddressDep = Annotated[str | None, Depends(get_address)]


async def get_identity(request: Request, caller: CallerDep) -> Identity | None:
    """Whose key or device the caller comes with; None for a new key, which is counted for its network."""
    async with resources_of(request).database.reading() as session:
        found = await accounts.identify(session, caller)
    if found is None:
        await meet_stranger(request, caller.subject, address_of(request))
    else:
        bind_contextvars(**about_user(found.user_id))
    return found


IdentityDep = Annotated[Identity | None, Depends(get_identity)]


async def get_user_id(request: Request, identity: IdentityDep, caller: CallerDep) -> str:
    """The user who asks; a new key is a new user."""
    if identity and identity.welcomed:
        return identity.user_id
    resources, address = resources_of(request), address_of(request)
    async with resources.database.session() as session:
        gifts = resources.settings.gifts_per_address
        user_id = await accounts.admit(session, caller, address=address, gifts_per_address=gifts)
    bind_contextvars(**about_user(user_id))
    return user_id


UserId = Annotated[str, Depends(get_user_id)]
"""For requests that write."""


async def get_reader(identity: IdentityDep, caller: CallerDep) -> UserRef:
    """The user who asks; whoever comes with a new key has nothing to read, and is not made a user by asking."""
    return identity.user_id if identity else caller


Reader = Annotated[UserRef, Depends(get_reader)]
"""For requests that read: the user as a part of the query, so that nobody else's rows are ever seen."""


def caller_of(request: Request) -> Caller:
    """Who the request says it is, read without any dependency: for what is asked all the time.

    Who that is, the one statement settles that answers. An operation that uses this says `OWN_KEY_OR_TOKEN`.
    """
    headers = request.headers
    return read_caller(resources_of(request), sent_token(request), headers.get(USER_KEY.model.name))


def says_who(request: Request) -> bool:
    """Whether the request comes with a key or a token."""
    return sent_token(request) is not None or USER_KEY.model.name in request.headers


async def refuse_stranger(request: Request) -> None:
    """Counts a new key that asked for somebody's book; raises TooManyCalls when there were too many."""
    await meet_stranger(request, caller_of(request).subject, address_of(request))


async def get_optional_reader(request: Request, access_token: SentToken, x_user_key: SentKey) -> UserRef | None:
    """For what everybody may read: None for nobody in particular. Whoever says more is refused where it is not true."""
    if access_token is None and x_user_key is None:
        return None
    caller = read_caller(resources_of(request), access_token, x_user_key)
    return await get_reader(await get_identity(request, caller), caller)


OptionalReader = Annotated[UserRef | None, Depends(get_optional_reader)]


async def refuse_token(request: Request, resources: ResourcesDep) -> None:
    """For signing in, which takes no token: one that lives for minutes must not become one that lives for months."""
    if "Authorization" not in request.headers:
        return
    device = read_token(resources, await ACCESS_TOKEN(request))
    if device is None:
        raise Unauthenticated(f"The header Authorization holds no access token. {SIGN_IN_AGAIN}")
    async with resources.database.reading() as session:
        await accounts.require_device(session, device)
    raise Conflict("This device is signed in. Please go on with its tokens, or sign in with the app's key alone.")


async def get_now() -> datetime:
    return utc_now()


NowDep = Annotated[datetime, Depends(get_now)]

IDENTIFIER = "^[A-Za-z0-9_-]{1,60}$"
JobId = Annotated[str, Path(pattern=IDENTIFIER, examples=["job_20261122_093000_6f1d2c3b4a5968778695"])]
BookId = Annotated[str, Path(pattern=IDENTIFIER, examples=["book_20261122_093000_6f1d2c3b4a5968778695"])]
CharacterId = Annotated[str, Path(pattern=IDENTIFIER, examples=["char_20261122_093000_6f1d2c3b4a5968778695"])]
PageNumber = Annotated[int, Path(ge=1, le=12)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


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


def url_of(request: Request) -> Url:
    """Public addresses of stored objects: absolute, also when no PUBLIC_URL is set."""
    resources = resources_of(request)
    base = "" if resources.settings.public_url or resources.settings.s3_bucket else str(request.base_url).rstrip("/")
    return lambda key: base + resources.storage.url(key)


async def get_url(request: Request) -> Url:
    return url_of(request)


UrlDep = Annotated[Url, Depends(get_url)]

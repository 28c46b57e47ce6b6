"""Signing in and out: tokens instead of a key that lives for ever."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request

from storybook.core.errors import SIGN_IN_AGAIN, Unauthenticated, UnknownToken
from storybook.core.tokens import Bearer
from storybook.resources import Resources
from storybook.routers.answers import NOTHING_NEEDED, errors
from storybook.routers.counting import count_stranger
from storybook.routers.deps import (
    AddressDep,
    IdempotencyKey,
    ResourcesDep,
    SentKey,
    SentToken,
    read_key,
    read_token,
    refuse_token,
)
from storybook.schemas.account import AccountChange
from storybook.schemas.auth import LogoutRequest, RefreshRequest, TokenAnswer
from storybook.schemas.common import Message
from storybook.services import account, accounts, devices
from storybook.services.devices import Tokens

router = APIRouter(prefix="/v1/auth", tags=["auth"])


@router.post(
    "/device",
    summary="Sign a device in",
    responses=errors(409, 413),
    openapi_extra=NOTHING_NEEDED,
    dependencies=[Depends(refuse_token)],
)
async def sign_in_device(
    request: Request,
    resources: ResourcesDep,
    x_user_key: SentKey,
    address: AddressDep,
    wish: Annotated[AccountChange | None, Body()] = None,
) -> TokenAnswer:
    """With a key, tokens for its user, who keeps everything; without one, a new user. Send no `Authorization`.

    The key goes on opening the account until the device has refreshed for the first time. After that it signs devices
    in here, as often as one likes, and opens nothing else. So keep it: no account is lost while the app has its key.
    An account that was made without a key has this device's tokens alone, and ends when they are lost or signed out.
    """
    holder = read_key(resources, x_user_key)
    async with resources.database.reading() as session:
        known = holder and await accounts.find_by_key(session, holder.key_hash)
    if not known:
        await count_stranger(request, address)
    gifts = resources.settings.gifts_per_address
    async with resources.database.session() as session:
        key_hash = holder.key_hash if holder else None
        user_id = await accounts.sign_in(session, key_hash, address=address, gifts_per_address=gifts)
        await account.change(session, user_id, wish.model_dump(exclude_none=True) if wish else {})
        tokens = await devices.open_device(session, user_id)
    return _answer(resources, tokens)


@router.post("/refresh", summary="Get the next tokens", responses=errors(409, 413), openapi_extra=NOTHING_NEEDED)
async def refresh_tokens(
    request: Request, resources: ResourcesDep, address: AddressDep, wish: RefreshRequest, key: IdempotencyKey
) -> TokenAnswer:
    """The refresh token is used up by this; the next one comes with the answer.

    Send an `X-Idempotency-Key`, and the same one again when the answer was lost: the answer is then the same. A token
    that comes back in another request after it was used signs the device out, because somebody else may have it; so do
    60 days without a refresh. The app's key then signs the device in again; an account that was made without a key
    cannot be opened any more.
    """
    async with _guesses_counted(request, address), resources.database.session() as session:
        tokens = await devices.refresh(session, wish.refresh_token, key, pepper=resources.pepper)
    if tokens is None:
        raise Unauthenticated(f"This refresh token was used before, so this device is signed out. {SIGN_IN_AGAIN}")
    return _answer(resources, tokens)


@router.post("/logout", summary="Sign a device out", responses=errors(413), openapi_extra=NOTHING_NEEDED)
async def sign_out_device(
    request: Request,
    resources: ResourcesDep,
    access_token: SentToken,
    address: AddressDep,
    wish: Annotated[LogoutRequest | None, Body()] = None,
) -> Message:
    """Ends the device of the refresh token, or else of the access token, at once.

    Books and credits stay, and the app's key opens them again at `POST /v1/auth/device`. An account that was made
    without a key cannot be opened any more: delete it first, if nothing is to be kept of it.
    """
    async with _guesses_counted(request, address), resources.database.session() as session:
        if wish and wish.refresh_token:
            device = await devices.find_by_token(session, wish.refresh_token)
        elif holder := read_token(resources, access_token):
            await accounts.require_device(session, holder)
            device = Bearer(holder.user_id, holder.device_id)
        else:
            raise Unauthenticated("Please send the device's refresh token in the body, or its access token.")
        await devices.sign_out(session, device)
    return Message(message="This device is signed out.")


@asynccontextmanager
async def _guesses_counted(request: Request, address: str | None) -> AsyncIterator[None]:
    """Only those who guess are counted: everybody else refreshes as often as the app likes."""
    try:
        yield
    except UnknownToken:
        await count_stranger(request, address)
        raise


def _answer(resources: Resources, tokens: Tokens) -> TokenAnswer:
    return TokenAnswer.of(resources.tokens.issue(tokens.bearer), tokens.refresh_token)
